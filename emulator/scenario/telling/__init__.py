"""The language, told: as a table of times, as JSON Schema, as a page of the reference."""
