"""What happens in a chat: what is said, and who keeps order."""
