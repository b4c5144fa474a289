"""The operations of VODs, chapters, clips and content: one list."""

from emulator.web.api.library import chapters, clips, contents, generating, making, posts, vods

OPERATIONS = [
    *vods.OPERATIONS,
    *chapters.OPERATIONS,
    *generating.OPERATIONS,
    *clips.OPERATIONS,
    *posts.OPERATIONS,
    *making.OPERATIONS,
    *contents.OPERATIONS,
]
