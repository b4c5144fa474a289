"""`/streams/users/{username}/profile` and `/live`, `/streams/me/profile`: how people look."""

from typing import Any, TypedDict

from pydantic import Field, model_validator

from emulator.core.errors import Refused
from emulator.media.codecs.images import look_in_turn
from emulator.shapes.live import stream_view
from emulator.shapes.profiles import LiveShape, OwnProfile, ProfileShape, own_profile, profile_shape
from emulator.web.api.models import Request
from emulator.web.errors import Invalid, mistake
from emulator.web.http.call import Call
from emulator.web.http.operation import Operation, Upload
from emulator.web.platform import Platform
from emulator.world.people import accounts, images, profiles
from emulator.world.people.accounts import User
from emulator.world.people.images import ImageKind

AVATAR_BYTES_MAX = 5 * 2**20
BANNER_BYTES_MAX = 10 * 2**20
# What a form is longer than its file: boundaries, headers, fields that nobody reads.
_FORM_BYTES = 64 * 1024


class SocialsUpdate(Request):
    twitter: str | None = Field(None, max_length=300)
    github: str | None = Field(None, max_length=300)
    youtube: str | None = Field(None, max_length=300)
    website: str | None = Field(None, max_length=300)


class ProfileUpdate(Request):
    """What is not given stays; a null takes it away. `full_name` is read as `display_name`."""

    also_read = frozenset({"full_name", "fullName"})

    display_name: str | None = Field(None, min_length=1, max_length=100)
    bio: str | None = Field(None, max_length=5000)
    socials: SocialsUpdate | None = None

    @model_validator(mode="before")
    @classmethod
    def _full_name_is_read_too(cls, given: Any) -> Any:
        if isinstance(given, dict) and not given.keys() & {"display_name", "displayName"}:
            for name in ("full_name", "fullName"):
                if name in given:
                    return {**given, "display_name": given[name]}
        return given

    def given(self) -> dict[str, str | None]:
        """What was said, by the world's names."""
        payload = self.model_dump(exclude_unset=True)
        if "socials" in payload:
            socials = payload.pop("socials")
            payload |= dict.fromkeys(SocialsUpdate.model_fields) if socials is None else socials
        return payload


class AvatarShape(TypedDict):
    avatar_url: str


class BannerShape(TypedDict):
    banner_url: str


def of_user(call: Call) -> ProfileShape | OwnProfile:
    """Read a user's profile."""
    user = accounts.by_username(call.world, call.path["username"])
    profile = profiles.of(call.world, user, call.caller)
    if call.caller is not None and call.caller.row == user.row:
        return own_profile(call.world, call.addresses, profile)
    return profile_shape(call.world, call.addresses, profile, call.caller)


def live(call: Call) -> LiveShape:
    """Read whether a user is live, and with which stream."""
    user = accounts.by_username(call.world, call.path["username"])
    stream = profiles.current_stream(call.world, user, None)
    shape = None if stream is None else stream_view(call.world, call.addresses, stream, call.caller)
    return {"is_live": shape is not None, "stream": shape}


def mine(call: Call) -> OwnProfile:
    """Read the caller's own profile."""
    return own_profile(call.world, call.addresses, profiles.of(call.world, call.user, call.user))


def update(call: Call) -> OwnProfile:
    """Change what the caller says of themselves."""
    user = profiles.update(call.world, call.user, call.body_as(ProfileUpdate).given())
    return own_profile(call.world, call.addresses, profiles.of(call.world, user, user))


async def put_avatar(call: Call) -> AvatarShape:
    """Upload the caller's avatar: a PNG, JPEG, GIF or WebP of at most 5 MB."""
    user = await _put(call, "avatar", AVATAR_BYTES_MAX)
    return {"avatar_url": user.avatar_url or ""}


async def put_banner(call: Call) -> BannerShape:
    """Upload the caller's banner: a PNG, JPEG, GIF or WebP of at most 10 MB."""
    user = await _put(call, "banner", BANNER_BYTES_MAX)
    return {"banner_url": user.banner_url or ""}


async def _put(call: Call, kind: ImageKind, bytes_max: int) -> User:
    upload, caller = call.upload, call.user
    if upload is None:
        raise RuntimeError("the operation does not take a file")
    if upload.size > bytes_max:
        raise Refused("too_large", f"The {kind} is larger than {bytes_max} bytes")
    try:
        picture = await look_in_turn(call.platform.shared.picture_turns, upload.file)
    except Refused as refused:
        payload = mistake(("body", "file"), "not_an_image", refused.message)
        raise Invalid([payload]) from refused
    # The account may have gone while the picture was looked at.
    user = accounts.find(call.world, caller.id)
    return images.put(call.world, user, kind, picture.media_type, picture.content)


def _avatar_form_bytes_max(_: Platform) -> int:
    return AVATAR_BYTES_MAX + _FORM_BYTES


def _banner_form_bytes_max(_: Platform) -> int:
    return BANNER_BYTES_MAX + _FORM_BYTES


OPERATIONS = [
    Operation(
        method="GET",
        path="/streams/users/{username}/profile",
        auth="optional",
        answer=of_user,
        refuses=("not_found",),
        provenance="guide",
        is_reusable=True,
    ),
    Operation(
        method="GET",
        path="/streams/users/{username}/live",
        auth="optional",
        answer=live,
        refuses=("not_found",),
        provenance="guide",
        is_reusable=True,
    ),
    Operation(
        method="GET",
        path="/streams/me/profile",
        auth="user",
        answer=mine,
        provenance="guide",
        is_reusable=True,
    ),
    Operation(
        method="PUT",
        path="/streams/me/profile",
        auth="user",
        answer=update,
        body=ProfileUpdate,
        provenance="guide",
    ),
    Operation(
        method="POST",
        path="/streams/me/profile/avatar",
        auth="user",
        answer=put_avatar,
        upload=Upload(bytes_max=_avatar_form_bytes_max),
        refuses=("not_found",),
        provenance="guide",
    ),
    Operation(
        method="POST",
        path="/streams/me/profile/banner",
        auth="user",
        answer=put_banner,
        upload=Upload(bytes_max=_banner_form_bytes_max),
        refuses=("not_found",),
        provenance="guide",
    ),
]
