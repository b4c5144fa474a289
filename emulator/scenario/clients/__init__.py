"""The clients of a run, outside of its world: publishers, viewers, chat senders."""
