"""The HTTP servers that can carry the application: each is started and stopped the same way."""
