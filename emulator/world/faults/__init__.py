"""Faults: one small file a part of the platform, and which faults are on now."""
