"""Chat: messages, rooms, bans and moderators."""
