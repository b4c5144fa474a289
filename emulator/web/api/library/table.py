"""The operations of VODs, chapters, clips and content: one list."""

from emulator.web.api.library import chapters, clips, making, posts, vods

OPERATIONS = [
    *vods.OPERATIONS,
    *chapters.OPERATIONS,
    *clips.OPERATIONS,
    *posts.OPERATIONS,
    *making.OPERATIONS,
]
