"""From a request to a verb: the table of operations, and how a call finds its way through it."""
