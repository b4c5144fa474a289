"""Scenarios: files that describe a run on the platform, which is played on a clock and judged."""
