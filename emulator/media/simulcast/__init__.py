"""Simulcast: pushes a live stream on to other RTMP(S) servers, as users of platforms do."""
