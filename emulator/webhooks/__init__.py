"""Events of a world, sent to other servers: signed, posted, tried again."""
