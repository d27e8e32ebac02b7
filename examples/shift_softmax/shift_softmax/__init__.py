"""An example design: a softmax of shifts alone."""
