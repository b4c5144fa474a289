"""Output: a scenario and its run as a table of times, a report, a JSON schema, a reference page."""
