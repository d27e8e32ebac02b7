"""Properties of units, as statements about what goes in and what comes out."""
