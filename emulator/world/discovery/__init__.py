"""Discovery: ranking, search and suggestions. The formulas: docs/reference/discovery.md."""
