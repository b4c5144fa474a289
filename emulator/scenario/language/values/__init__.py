"""Values: how quantities, parameters and arithmetic with them are written and read."""
