"""The evening itself: its clock, its log, what must be true."""
