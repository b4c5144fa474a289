"""`/streams/{stream_id}/chat` and what belongs to it."""
