"""Facts as the platform's JSON: one noun a file, each shape beside the function that fills it."""
