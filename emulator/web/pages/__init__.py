"""The pages: the watch page, the console and the others, and their files."""
