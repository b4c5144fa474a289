"""Operation: one row of the contract's table: what is called, by whom, with what, giving what."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel

from emulator.core.errors import Code
from emulator.web.rest.call import Call

Auth = Literal["public", "optional", "user"]
Provenance = Literal["documented", "guide", "client", "cdn", "assumed"]
Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
Answer = Callable[[Call], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """`path` is relative to both prefixes. `answer` returns the JSON value of the success status.

    `auth`: who may call (whether it is the owner is for the verb to say). `limit` names a rate
    limit that every call of a signed-in user counts against, refused and failed ones too.
    """

    method: Method
    path: str
    auth: Auth
    answer: Answer
    provenance: Provenance
    status: int = 200
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    limit: Literal["stream_creation"] | None = None
    refuses: tuple[Code, ...] = ()

    @property
    def summary(self) -> str:
        return (self.answer.__doc__ or "").strip().partition("\n")[0]
