"""HTTP and the pages: turns requests into calls of the world, and its data into JSON."""
