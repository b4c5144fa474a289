"""Transcodes audio and video that HLS cannot carry (`--transcode-ingest`)."""
