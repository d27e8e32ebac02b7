"""Files for users: Verilog that describes itself, with testbenches."""
