"""The evaluation: everything that is measured, with one library."""
