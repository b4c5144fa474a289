"""The platform's REST API: one resource per file; an endpoint parses, calls the world, answers."""
