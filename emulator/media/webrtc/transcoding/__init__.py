"""Transcoding for WebRTC, where media cannot be passed through."""
