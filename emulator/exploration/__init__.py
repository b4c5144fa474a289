"""Exploration: runs an app's command again and again, each time with a plan of faults."""
