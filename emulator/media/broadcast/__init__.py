"""One live stream: who publishes it, its way to the shelf, and what is known of its publisher."""
