"""Chat: lines, floods, and moderation."""
