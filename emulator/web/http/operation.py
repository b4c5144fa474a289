"""Operation: one row of the contract's table: what is called, by whom, with what, giving what."""

from collections.abc import Callable
from typing import Any, Literal

from msgspec import Struct
from pydantic import BaseModel

from emulator.core.errors import Code
from emulator.web.http.call import Call
from emulator.web.platform import Platform

Auth = Literal["public", "optional", "user"]
Provenance = Literal["documented", "guide", "client", "cdn", "assumed"]
Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
Limit = Literal["stream_creation", "session_creation"]
FORM = "multipart/form-data"
Answer = Callable[[Call], Any]


class Upload(Struct, frozen=True, kw_only=True):
    """The operation takes a form with a `file` and, beside it, its body's fields.

    `bytes_max` is the largest body. `is_required`: a JSON body alone is refused. With another
    `media_type` than a form's, the body is the file itself.
    """

    bytes_max: Callable[[Platform], int]
    is_required: bool = True
    media_type: str = FORM


class Operation(Struct, frozen=True, kw_only=True):
    """`path` is relative to both prefixes.

    `answer` returns the JSON value of the success `status`, or one of `rest/answers`; its return
    annotation is that value's shape. It may be a coroutine function where it waits for a thread.
    `auth`: who may call (whether it is the owner is for the verb to say). `limit` names a rate
    limit that every call of a signed-in user counts against, refused and failed ones too. `also`
    are other success statuses, `downloads` the media types of the files it may answer with.
    `is_body_optional`: an empty body says nothing, as `{}` does. `is_reusable`: it only reads, so
    that an answer may be used again (`rest/reuse`). `each_time` is done after every call that is
    not refused, also where an answer is used again.
    """

    method: Method
    path: str
    auth: Auth
    answer: Answer
    provenance: Provenance
    status: int = 200
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    upload: Upload | None = None
    limit: Limit | None = None
    refuses: tuple[Code, ...] = ()
    also: tuple[int, ...] = ()
    downloads: tuple[str, ...] = ()
    is_reusable: bool = False
    is_body_optional: bool = False
    each_time: Callable[[Call], None] | None = None

    @property
    def summary(self) -> str:
        return (self.answer.__doc__ or "").strip().partition("\n")[0]
