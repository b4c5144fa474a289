"""Exploration: an app's command run again and again, each time with a plan of faults."""
