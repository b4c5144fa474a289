"""Call: one request on its way through the steps of a dispatch to an endpoint."""

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field
from starlette.requests import Request

from emulator.core.clock import monotonic_us
from emulator.platform.request_log import UNLOGGED
from emulator.shapes.addresses import Addresses
from emulator.shapes.dialect import Dialect
from emulator.web.auth import credential
from emulator.world.people.accounts import User
from emulator.world.world import World

if TYPE_CHECKING:
    from emulator.platform.platform import Platform
    from emulator.platform.request_log import UnreadRequest
    from emulator.platform.worlds import Worlds
    from emulator.web.http.operation import Operation

# RFC 6454, 6.2: a scheme, a host and perhaps a port.
_ORIGIN = re.compile(r"https?://(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")
_ORIGIN_LENGTH_MAX = 300
_UNLOGGED = UNLOGGED.encode()


class Call(Struct, kw_only=True, eq=False):
    """What the steps have learned of a request so far.

    `platform` is the default world's until the one that the request means is known. `path` holds
    the values of the path's names, `json` a body as it came, `form` a form's fields, `repeat` what
    is to be done where the answer is used again, `entry` what the request log has of it.
    `is_body_read`: somebody has begun to read the body. `credential` is the caller's key or token,
    empty where there is none.
    """

    request: Request
    worlds: "Worlds"
    platform: "Platform"
    dialect: Dialect
    operation_or_none: "Operation | None" = None
    path: Mapping[str, str] = field(default_factory=dict)
    caller: User | None = None
    json: bytes = b""
    form: Any = None
    is_body_read: bool = False
    repeat: Callable[[], None] | None = None
    entry: "UnreadRequest | None" = None
    began_us: int = field(default_factory=monotonic_us)
    credential: str = ""

    def __post_init__(self) -> None:
        self.credential = credential(self.request)

    @property
    def operation(self) -> "Operation":
        """What is called, behind the step that finds it."""
        if self.operation_or_none is None:
            raise RuntimeError("a step that needs an operation comes before the one that finds it")
        return self.operation_or_none

    @property
    def world(self) -> World:
        return self.platform.world

    @property
    def addresses(self) -> Addresses:
        """Where the caller reaches this platform."""
        return self.platform.addresses

    @property
    def trace_id(self) -> str:
        trace: str = self.request.scope["state"]["trace_id"]
        return trace

    @property
    def is_of_console(self) -> bool:
        """Whether one of the emulator's own pages asks, and no app: nothing is to change by it."""
        return any(name == _UNLOGGED for name, _ in self.request.scope["headers"])

    @property
    def accept(self) -> str:
        """The media types that the request says it reads."""
        return self.request.headers.get("accept", "")

    @property
    def last_event_id(self) -> str:
        """Up to where a stream of events was heard (HTML, 9.2.4)."""
        return self.request.headers.get("last-event-id", "")

    @property
    def site(self) -> str:
        """Where links in mails lead: the client's own site, or this server for want of one."""
        origin = self.request.headers.get("origin", "")
        is_site = len(origin) <= _ORIGIN_LENGTH_MAX and _ORIGIN.fullmatch(origin)
        return origin if is_site else self.addresses.http

    def each_time(self, action: Callable[[], None]) -> None:
        """Do it now, and again whenever this answer is used again (`http/reuse`)."""
        self.repeat = action
        action()
