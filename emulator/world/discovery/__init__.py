"""Finding streams: ranked, searched, suggested. The formulas: docs/reference/discovery.md."""
