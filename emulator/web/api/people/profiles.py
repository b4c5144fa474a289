"""`/streams/users/{username}/profile` and `/live`, `/streams/me/profile`: profiles of users."""

from typing import Any, TypedDict

from pydantic import Field, model_validator

from emulator.core.errors import Refused
from emulator.media.codecs.images import look_in_turn
from emulator.shapes.live import stream_view
from emulator.shapes.profiles import LiveShape, OwnProfile, ProfileShape, own_profile, profile_shape
from emulator.web.api.models import Request
from emulator.web.errors import Invalid, error_detail
from emulator.web.http.bodies import UploadedFile
from emulator.web.http.call import Call
from emulator.web.http.endpoint import endpoint
from emulator.web.http.operation import Upload
from emulator.world.people import accounts, images, profiles
from emulator.world.people.accounts import User
from emulator.world.people.images import ImageKind

AVATAR_BYTES_MAX = 5 * 2**20
BANNER_BYTES_MAX = 10 * 2**20
# The size of a form in addition to its file: boundaries, headers, unused fields.
_FORM_BYTES = 64 * 1024


class SocialsUpdate(Request):
    twitter: str | None = Field(None, max_length=300)
    github: str | None = Field(None, max_length=300)
    youtube: str | None = Field(None, max_length=300)
    website: str | None = Field(None, max_length=300)


class ProfileUpdate(Request):
    """Fields that are left out stay; a null removes.

    `full_name` is another name of `display_name`.
    """

    also_read = frozenset({"full_name", "fullName"})

    display_name: str | None = Field(None, min_length=1, max_length=100)
    bio: str | None = Field(None, max_length=5000)
    socials: SocialsUpdate | None = None

    @model_validator(mode="before")
    @classmethod
    def _full_name_is_read_too(cls, value: Any) -> Any:
        if isinstance(value, dict) and not value.keys() & {"display_name", "displayName"}:
            for name in ("full_name", "fullName"):
                if name in value:
                    return {**value, "display_name": value[name]}
        return value

    def changes(self) -> dict[str, str | None]:
        """Return the changes by the world's names."""
        payload = self.model_dump(exclude_unset=True)
        if "socials" in payload:
            socials = payload.pop("socials")
            payload |= dict.fromkeys(SocialsUpdate.model_fields) if socials is None else socials
        return payload


class AvatarShape(TypedDict):
    avatar_url: str


class BannerShape(TypedDict):
    banner_url: str


@endpoint("GET", "/streams/users/{username}/profile", provenance="guide")
def get_user_profile(call: Call, caller: User | None, username: str) -> ProfileShape | OwnProfile:
    """Read a user's profile."""
    user = accounts.by_username(call.world, username)
    profile = profiles.of(call.world, user, caller)
    if caller is not None and caller.pk == user.pk:
        return own_profile(call.world, call.addresses, profile)
    return profile_shape(call.world, call.addresses, profile, caller)


@endpoint("GET", "/streams/users/{username}/live", provenance="guide")
def get_user_live_status(call: Call, caller: User | None, username: str) -> LiveShape:
    """Read whether a user is live, and with which stream."""
    user = accounts.by_username(call.world, username)
    stream = profiles.current_stream(call.world, user, None)
    shape = None if stream is None else stream_view(call.world, call.addresses, stream, caller)
    return {"is_live": shape is not None, "stream": shape}


@endpoint("GET", "/streams/me/profile", provenance="guide")
def get_my_profile(call: Call, caller: User) -> OwnProfile:
    """Read the caller's own profile."""
    return own_profile(call.world, call.addresses, profiles.of(call.world, caller, caller))


@endpoint("PUT", "/streams/me/profile", provenance="guide")
def update_my_profile(call: Call, caller: User, body: ProfileUpdate) -> OwnProfile:
    """Change the caller's profile."""
    user = profiles.update(call.world, caller, body.changes())
    return own_profile(call.world, call.addresses, profiles.of(call.world, user, user))


@endpoint(
    "POST",
    "/streams/me/profile/avatar",
    provenance="guide",
    refuses=("not_found",),
    upload=Upload(bytes_max=lambda _: AVATAR_BYTES_MAX + _FORM_BYTES),
)
async def upload_avatar(call: Call, caller: User, file: UploadedFile) -> AvatarShape:
    """Upload the caller's avatar: a PNG, JPEG, GIF or WebP of at most 5 MB."""
    user = await _put(call, caller, file, "avatar", AVATAR_BYTES_MAX)
    return {"avatar_url": user.avatar_url or ""}


@endpoint(
    "POST",
    "/streams/me/profile/banner",
    provenance="guide",
    refuses=("not_found",),
    upload=Upload(bytes_max=lambda _: BANNER_BYTES_MAX + _FORM_BYTES),
)
async def upload_banner(call: Call, caller: User, file: UploadedFile) -> BannerShape:
    """Upload the caller's banner: a PNG, JPEG, GIF or WebP of at most 10 MB."""
    user = await _put(call, caller, file, "banner", BANNER_BYTES_MAX)
    return {"banner_url": user.banner_url or ""}


async def _put(
    call: Call, caller: User, file: UploadedFile, kind: ImageKind, bytes_max: int
) -> User:
    if file.size > bytes_max:
        raise Refused("too_large", f"The {kind} is larger than {bytes_max} bytes")
    try:
        picture = await look_in_turn(call.platform.shared.picture_turns, file.file)
    except Refused as refused:
        payload = error_detail(("body", "file"), "not_an_image", refused.message)
        raise Invalid([payload]) from refused
    # The account may have been deleted while the picture was examined.
    user = accounts.find(call.world, caller.id)
    return images.put(call.world, user, kind, picture.media_type, picture.content)
