"""Standard cells, and netlists of them: what a library says, timing, switching activity and energy."""
