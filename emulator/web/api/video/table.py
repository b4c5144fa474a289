"""The operations of calls, videos and albums: one list."""

from emulator.web.api.video import (
    albums,
    annotations,
    engagement,
    finding,
    participants,
    processing,
    sessions,
    videos,
    website,
)

OPERATIONS = [
    *sessions.OPERATIONS,
    *participants.OPERATIONS,
    *videos.OPERATIONS,
    *finding.OPERATIONS,
    *annotations.OPERATIONS,
    *engagement.OPERATIONS,
    *albums.OPERATIONS,
    *website.OPERATIONS,
    *processing.OPERATIONS,
]
