"""Whether two designs do the same, whatever comes in: and-inverter graphs, and what abc says of them."""
