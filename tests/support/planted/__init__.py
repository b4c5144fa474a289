"""Small apps with one bug each of a kind that people write, and one without: for `explore`.

Each is a program: it uses the emulator as an app does, looks whether all went well, and exits with
1 where it did not. They need Python's own library alone, so that a run costs little.
"""
