"""What a user takes away: Verilog files that describe themselves, and testbenches beside them."""
