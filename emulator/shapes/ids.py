"""Ids that are not UUIDs: those that one emulator numbers, such as `fault-1` and `run-1`."""

from typing import NewType

NumberedId = NewType("NumberedId", str)
