"""Scenarios: a run on the platform, written down, played on a clock, and judged."""
