"""Operation: one row of the contract's table: method, path, caller, parameters and answers."""

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
    """The operation takes a form with a `file` and the fields of its body.

    `bytes_max` is the largest body. With a `media_type` other than a form's, the body is the file
    itself.
    """

    bytes_max: Callable[[Platform], int]
    media_type: str = FORM


class Operation(Struct, frozen=True, kw_only=True):
    """One operation, made by `endpoint` from a function. `path` is relative to both prefixes.

    `answer` is called with its `parameters`. It returns the JSON value of the success `status`, or
    one of `http/answers`; its return annotation is that value's shape. It may be a coroutine
    function, if it waits for a thread. `name` is unique within a document and must not change once
    published, because clients are generated from these names. `limit` names a rate limit that all
    calls of a signed-in user count against, also refused and failed ones. `also` are other success
    statuses, `downloads` the media types of the files that it may answer with.
    `is_upload_required`: a JSON body alone is refused. `is_body_optional`: an empty body is taken
    for `{}`.
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

    @property
    def summary(self) -> str:
        return (self.answer.__doc__ or "").strip().partition("\n")[0]


def path_names(path: str) -> list[str]:
    """Return the names in a path's braces."""
    return [segment.strip("{}") for segment in path.split("/") if segment.startswith("{")]
