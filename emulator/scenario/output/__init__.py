"""What a scenario and a run of it look like: a table of times, a report, JSON Schema, reference."""
