"""The operations of calls, videos and albums: one list."""

from emulator.web.api.video import participants, sessions

OPERATIONS = [
    *sessions.OPERATIONS,
    *participants.OPERATIONS,
]
