"""What is told of a run: figures folded as it goes, then JSON, JUnit and a page."""
