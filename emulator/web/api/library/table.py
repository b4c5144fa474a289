"""The operations of VODs, chapters, clips and content: one list."""

from emulator.web.api.library import chapters, clips, vods

OPERATIONS = [
    *vods.OPERATIONS,
    *chapters.OPERATIONS,
    *clips.OPERATIONS,
]
