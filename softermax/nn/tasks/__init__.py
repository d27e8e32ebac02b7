"""Experiments: what Softermax does to the accuracy of models, with and without training for it."""
