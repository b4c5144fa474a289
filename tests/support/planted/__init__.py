"""Small apps for `explore`: each has one typical bug, except one without a bug.

Each is a program that uses the emulator as an app does, checks the result, and exits with 1 where
it is wrong. They need only Python's standard library, so that a run is quick.
"""
