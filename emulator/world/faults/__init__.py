"""What is broken on purpose: one small file a part of the platform, and which faults are on now."""
