"""From a component to Verilog and to a netlist of standard cells."""
