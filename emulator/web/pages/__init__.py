"""Pages for people: the watch page, and the files that pages are made of."""
