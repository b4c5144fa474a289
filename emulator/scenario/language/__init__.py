"""The language of scenario files: from YAML text to a checked scenario, or to all its errors."""
