"""Studies beyond single design points: operators, candidates, heads, utilisation, models."""
