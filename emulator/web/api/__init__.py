"""The platform's REST API: one resource a file; parse, call one verb, answer."""
