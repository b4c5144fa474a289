"""`/streams/{stream_id}/chat/settings`: a room's rules for its lines."""

from typing import Annotated

from pydantic import Field, StringConstraints

from emulator.shapes.chat import ChatSettingsShape, chat_settings
from emulator.web.api.chat.messages import LENGTH_MAX
from emulator.web.api.models import Request, Whole
from emulator.web.http.call import Call
from emulator.web.http.endpoint import endpoint
from emulator.world.chat import rooms, settings
from emulator.world.live import streams
from emulator.world.people.accounts import User

Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]

_NAMES = {
    "slow_mode_seconds": "slow_mode_seconds",
    "followers_only": "is_followers_only",
    "emote_only": "is_emote_only",
    "max_length": "length_max",
    "blocked_words": "blocked_words",
    "links_allowed": "are_links_allowed",
    "ai_moderation": "is_ai_moderated",
}


class SettingsUpdate(Request):
    """Fields that are left out stay as they are. Blocked words may be phrases."""

    slow_mode_seconds: Whole | None = Field(None, ge=0, le=86_400)
    followers_only: bool | None = None
    emote_only: bool | None = None
    max_length: Whole | None = Field(None, ge=1, le=LENGTH_MAX)
    blocked_words: list[Word] | None = Field(None, max_length=500)
    links_allowed: bool | None = None
    ai_moderation: bool | None = None

    def patch(self) -> dict[str, object]:
        """Return the body as the world's values. A null has no effect."""
        values = self.model_dump(exclude_none=True)
        if "blocked_words" in values:
            values["blocked_words"] = tuple(dict.fromkeys(values["blocked_words"]))
        return {_NAMES[name]: value for name, value in values.items()}


@endpoint("GET", "/streams/{stream_id}/chat/settings")
def get_chat_settings(call: Call, caller: User | None, stream_id: str) -> ChatSettingsShape:
    """Read a chat's settings."""
    stream = streams.find_for(call.world, stream_id, caller)
    return chat_settings(settings.of(call.world, stream.pk))


@endpoint("PUT", "/streams/{stream_id}/chat/settings", refuses=("forbidden",))
def update_chat_settings(
    call: Call, caller: User, stream_id: str, body: SettingsUpdate
) -> ChatSettingsShape:
    """Change a chat's settings."""
    stream = streams.find_for(call.world, stream_id, caller)
    rooms.check_moderator(call.world, stream, caller)
    patch = body.patch()
    return chat_settings(settings.change(call.world, stream, caller, patch))
