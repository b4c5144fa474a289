"""`/streams/{stream_id}/chat` and all below it."""
