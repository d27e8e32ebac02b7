"""Families of models of the installed transformers, tiny and with random weights: which have Softermax."""
