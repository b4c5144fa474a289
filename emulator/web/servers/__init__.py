"""The HTTP servers that can run the application; all are started and stopped the same way."""
