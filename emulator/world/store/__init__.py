"""Where facts are kept: one SQLite database a world. The only package that imports `sqlite3`."""
