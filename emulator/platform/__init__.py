"""The platform: worlds, the services of each, and where to find them. Knows nothing of HTTP."""
