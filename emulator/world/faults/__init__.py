"""Faults: one small file for each part of the platform, and which faults are on now."""
