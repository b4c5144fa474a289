"""HTTP and the pages. Turns requests into verbs and facts into JSON."""
