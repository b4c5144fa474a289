"""What is measured, and how: `python -m benchmarks [names]` writes RESULTS.md."""
