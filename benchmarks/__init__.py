"""Benchmarks: `python -m benchmarks [names]` measures and writes RESULTS.md."""
