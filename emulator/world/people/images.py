"""Images: how people look: a picture that they uploaded, or their initial on a colour."""

import hashlib
from typing import Final, Literal

from msgspec import Struct

from emulator.core.errors import Refused
from emulator.core.events.people import ProfileUpdated
from emulator.world.people import accounts
from emulator.world.people.accounts import User
from emulator.world.world import World

ImageKind = Literal["avatar", "banner"]

# Below the CDN's address, where `web/playback/images` serves them.
UPLOADED = "/images"
INITIALS = "/images/initials"

# Degrees on the colour wheel that an eye tells apart: green takes up much of it.
HUES: Final = (2, 20, 38, 52, 88, 145, 174, 196, 217, 248, 280, 326)
# Which byte of a name's digest chooses. By this one the people of the default seed differ well.
_HUE_BYTE = 15

_COLUMNS: dict[ImageKind, str] = {"avatar": "avatar_url", "banner": "banner_url"}


class Image(Struct, frozen=True):
    """A picture as it came. Its `uid` is never given to another one."""

    uid: str
    media_type: str
    content: bytes


def initial_path(username: str) -> str:
    """Where the picture of a name's initial is."""
    return f"{INITIALS}/{username}.svg"


def hue(username: str) -> int:
    """A name's colour in degrees, the same every time, also in other letter cases."""
    return HUES[hashlib.sha256(username.lower().encode()).digest()[_HUE_BYTE] % len(HUES)]


def letter(username: str) -> str:
    """A name's initial: its first letter or digit, as a capital."""
    return next((char for char in username if char.isalnum()), username[0]).upper()


def put(world: World, user: User, kind: ImageKind, media_type: str, content: bytes) -> User:
    """Give an account a picture; the one it had is gone. `content` was checked to be one."""
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
    """Refuses (`not_found`) an unknown uid, and that of a picture that was replaced."""
    row = world.store.row("SELECT uid, media_type, content FROM images WHERE uid = ?", uid)
    if row is None:
        raise Refused("not_found", "Not Found")
    return Image(row["uid"], row["media_type"], row["content"])
