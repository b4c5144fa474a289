"""`/_emulator/`: the admin API of the emulator, separate from the platform's API."""
