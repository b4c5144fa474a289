"""Actions on live streams: streams, publishers, audiences."""
