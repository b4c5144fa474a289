"""Frames: the commands that clients send on the chat socket, in either dialect (websocket.md)."""

from msgspec import Struct
from pydantic import Field, ValidationError

from emulator.web.api.models import Request

_DURATION_SECONDS_MAX = 366 * 86_400


class Say(Struct, frozen=True):
    content: str


class Delete(Struct, frozen=True):
    message_id: str


class Clear(Struct, frozen=True):
    pass


class Ban(Struct, frozen=True):
    """A ban; the user is named by id, or else by name."""

    user_id: str | None
    username: str
    reason: str | None
    duration_seconds: int | None


class Unban(Struct, frozen=True):
    user_id: str | None
    username: str


class Ping(Struct, frozen=True):
    pass


Command = Say | Delete | Clear | Ban | Unban | Ping


class FrameError(Exception):
    """An invalid frame. `code` is that of the error message for the client."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class _Fields(Request):
    content: str | None = None
    message_id: str | None = None
    user_id: str | None = None
    username: str | None = None
    reason: str | None = Field(None, max_length=500)
    duration_seconds: int | None = Field(None, ge=1, le=_DURATION_SECONDS_MAX)


class _Frame(_Fields):
    """The fields of a command are next to `type`, or in an object `data`."""

    type: str
    data: _Fields | None = None


def parse(text: str | bytes) -> Command:
    """Parse the command in a text message. Raises `FrameError` for anything else."""
    try:
        frame = _Frame.model_validate_json(text)
    except ValidationError as error:
        (detail, *_) = error.errors(include_url=False, include_context=False, include_input=False)
        where = ".".join(map(str, detail["loc"])) or "message"
        raise FrameError("invalid_message", f"{where}: {detail['msg']}") from None
    return _command(frame.type, frame.data or frame)


def _command(kind: str, fields: _Fields) -> Command:
    match kind:
        case "message" | "chat_message":
            return Say(_content(fields))
        case "delete":
            return Delete(_needed(fields.message_id, "message_id"))
        case "clear":
            return Clear()
        case "ban":
            return Ban(fields.user_id, _whom(fields), fields.reason, fields.duration_seconds)
        case "unban":
            return Unban(fields.user_id, _whom(fields))
        case "ping":
            return Ping()
        case unknown:
            raise FrameError("invalid_message", f"There is no message type {unknown[:50]!r}")


def _content(fields: _Fields) -> str:
    if not fields.content or fields.content.isspace():
        raise FrameError("empty_message", "A message must not be empty")
    return fields.content


def _whom(fields: _Fields) -> str:
    return _needed(fields.user_id or fields.username, "user_id or username")


def _needed(value: str | None, name: str) -> str:
    if not value:
        raise FrameError("invalid_message", f"{name}: Field required")
    return value
