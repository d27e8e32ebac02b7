"""Measures of a design point: area, timing, energy, errors, and their ratios."""
