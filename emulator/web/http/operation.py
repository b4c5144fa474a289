"""Operation: one row of the contract's table: what is called, by whom, with what, giving what."""

from collections.abc import Callable
from typing import Any, Literal

from msgspec import Struct
from pydantic import BaseModel

from emulator.core.errors import Code
from emulator.platform.platform import Platform

Auth = Literal["public", "optional", "user"]
Provenance = Literal["documented", "guide", "client", "cdn", "assumed"]
Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
Limit = Literal["stream_creation", "session_creation"]
FORM = "multipart/form-data"


class Upload(Struct, frozen=True, kw_only=True):
    """The operation takes a form with a `file` and, beside it, its body's fields.

    `bytes_max` is the largest body. With another `media_type` than a form's, the body is the file
    itself.
    """

    bytes_max: Callable[[Platform], int]
    media_type: str = FORM


class Operation(Struct, frozen=True, kw_only=True):
    """Made by `endpoint` of a function. `path` is relative to both prefixes.

    `answer` is called with its `parameters`. It returns the JSON value of the success `status`, or
    one of `http/answers`; its return annotation is that value's shape. It may be a coroutine
    function where it waits for a thread. `name` is unique within a document; clients are generated
    of these names, so one that is published stays.
    `limit` names a rate limit that every call of a signed-in user counts against, refused and
    failed ones too. `also` are other success statuses, `downloads` the media types of the files it
    may answer with. `is_upload_required`: a JSON body alone is refused. `is_body_optional`: an
    empty body says nothing, as `{}` does. `is_reusable`: it reads the store alone, so that an
    answer may be used again (`http/reuse`).
    """

    method: Method
    path: str
    name: str
    answer: Callable[..., Any]
    parameters: tuple[str, ...]
    auth: Auth
    provenance: Provenance
    status: int
    body: type[BaseModel] | None
    query: type[BaseModel] | None
    upload: Upload | None
    limit: Limit | None
    refuses: tuple[Code, ...]
    also: tuple[int, ...]
    downloads: tuple[str, ...]
    is_upload_required: bool
    is_body_optional: bool
    is_reusable: bool

    @property
    def summary(self) -> str:
        return (self.answer.__doc__ or "").strip().partition("\n")[0]


def path_names(path: str) -> list[str]:
    """The names in a path's braces."""
    return [segment.strip("{}") for segment in path.split("/") if segment.startswith("{")]
