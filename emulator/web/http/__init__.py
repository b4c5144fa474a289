"""From a request to its endpoint: the table of operations, and the steps of a call through it."""
