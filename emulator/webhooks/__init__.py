"""What happens in a world, sent to other servers: signed, posted, tried again."""
