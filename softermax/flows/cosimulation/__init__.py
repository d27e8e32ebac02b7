"""Co-simulation of design points and of operators, and the golden model applied to scores."""
