"""The store: one SQLite database for each world. The only package that imports `sqlite3`."""
