"""Call: one request on its way to a verb, already judged: who asks, for what, with which values."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeVar

from msgspec import Struct

from emulator.shapes.addresses import Addresses
from emulator.shapes.dialect import Dialect
from emulator.world.people.accounts import User
from emulator.world.world import World

if TYPE_CHECKING:
    from pydantic import BaseModel

    from emulator.web.http.bodies import Uploaded
    from emulator.web.platform import Platform

Model = TypeVar("Model", bound="BaseModel")

# RFC 6454, 6.2: a scheme, a host and perhaps a port.
_ORIGIN = re.compile(r"https?://(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")
_ORIGIN_LENGTH_MAX = 300


class Call(Struct, frozen=True, kw_only=True):
    """`path` holds the values of the path's names; `body` and `query` are validated models.

    `credential` is the caller's key or token, empty where there was none. `accept` is what the
    request says it reads, `origin` the site that a browser sends it from. `upload` is the form's
    file, where the request is a form. `last_event_id`: up to where a stream of events was heard.
    """

    platform: "Platform"
    dialect: Dialect
    caller: User | None
    credential: str
    accept: str
    path: Mapping[str, str]
    body: "BaseModel | None"
    query: "BaseModel | None"
    upload: "Uploaded | None" = None
    origin: str = ""
    last_event_id: str = ""

    @property
    def world(self) -> World:
        return self.platform.world

    @property
    def addresses(self) -> Addresses:
        """Where the caller reaches this platform."""
        return self.platform.addresses

    @property
    def site(self) -> str:
        """Where links in mails lead: the client's own site, or this server for want of one."""
        is_site = len(self.origin) <= _ORIGIN_LENGTH_MAX and _ORIGIN.fullmatch(self.origin)
        return self.origin if is_site else self.addresses.http

    @property
    def user(self) -> User:
        """Who calls, in operations that only a signed-in user may call."""
        if self.caller is None:
            raise RuntimeError("an operation for users was reached without one")
        return self.caller

    def body_as(self, model: type[Model]) -> Model:
        """The body, as the model that the operation declares."""
        if not isinstance(self.body, model):
            raise RuntimeError(f"the operation does not declare {model.__name__} as its body")
        return self.body

    def query_as(self, model: type[Model]) -> Model:
        """The query, as the model that the operation declares."""
        if not isinstance(self.query, model):
            raise RuntimeError(f"the operation does not declare {model.__name__} as its query")
        return self.query
