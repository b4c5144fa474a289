"""`/_emulator/`: our own surface, beside the platform's."""
