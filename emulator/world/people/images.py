"""Images: avatars and banners: an uploaded picture, or a user's initial on a coloured ground."""

import hashlib
from typing import Final, Literal

from msgspec import Struct

from emulator.core.errors import Refused
from emulator.core.events.people import ProfileUpdated
from emulator.world.people import accounts
from emulator.world.people.accounts import User
from emulator.world.world import World

ImageKind = Literal["avatar", "banner"]

# Paths below the CDN's address; `web/playback/images` serves them.
UPLOADED = "/images"
INITIALS = "/images/initials"

# Degrees on the colour wheel that the eye can tell apart; green takes up a large part of the wheel.
HUES: Final = (2, 20, 38, 52, 88, 145, 174, 196, 217, 248, 280, 326)
# The byte of a name's digest that selects the colour. With this one the users of the default seed
# get clearly different colours.
_HUE_BYTE = 15

_COLUMNS: dict[ImageKind, str] = {"avatar": "avatar_url", "banner": "banner_url"}


class Image(Struct, frozen=True):
    """A picture as it was uploaded. Its `uid` is never reused."""

    uid: str
    media_type: str
    content: bytes


def initial_path(username: str) -> str:
    """Return the path of the picture of a name's initial."""
    return f"{INITIALS}/{username}.svg"


def hue(username: str) -> int:
    """Return a name's colour in degrees: always the same, whatever the case of its letters."""
    return HUES[hashlib.sha256(username.lower().encode()).digest()[_HUE_BYTE] % len(HUES)]


def letter(username: str) -> str:
    """Return a name's initial: its first letter or digit, in upper case."""
    return next((char for char in username if char.isalnum()), username[0]).upper()


def put(world: World, user: User, kind: ImageKind, media_type: str, content: bytes) -> User:
    """Set an account's picture and delete the old one. The caller has checked `content`."""
    now_ms, uid, column = world.now_ms, world.ids.uid(), _COLUMNS[kind]
    with world.change():
        world.store.write("DELETE FROM images WHERE user_row = ? AND kind = ?", user.pk, kind)
        world.store.insert(
            "images",
            uid=uid,
            user_row=user.pk,
            kind=kind,
            media_type=media_type,
            content=content,
            created_at_ms=now_ms,
        )
        world.store.write(
            f"UPDATE users SET {column} = ? WHERE row = ?", f"{UPLOADED}/{uid}", user.pk
        )
        world.emit(ProfileUpdated(at_ms=now_ms, user_id=user.id, changed=(column,)))
    return accounts.by_pk(world, user.pk)


def find(world: World, uid: str) -> Image:
    """Return an image. Refuses (`not_found`) an unknown uid, and that of a replaced picture."""
    row = world.store.row("SELECT uid, media_type, content FROM images WHERE uid = ?", uid)
    if row is None:
        raise Refused("not_found", "Not Found")
    return Image(row["uid"], row["media_type"], row["content"])
