"""Sound and pictures that HLS cannot carry, decoded and encoded anew (`--transcode-ingest`)."""
