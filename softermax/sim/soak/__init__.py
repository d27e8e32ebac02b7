"""Soak: millions of slices through a unit's Verilog against the golden models, in a C++ bench."""
