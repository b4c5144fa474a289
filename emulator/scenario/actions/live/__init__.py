"""What happens on stream: streams, publishers, audiences."""
