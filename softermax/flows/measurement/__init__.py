"""What is measured of a design point: area, timing, energy, errors, and their ratios."""
