"""Scenarios: an evening on the platform, written down, played on a clock, and judged."""
