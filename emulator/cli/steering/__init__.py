"""Commands that steer an emulator which runs already, over its admin API."""
