"""Values: reads and writes quantities, parameters and arithmetic with them."""
