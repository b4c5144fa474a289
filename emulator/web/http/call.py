"""Call: one request on its way through the steps of a dispatch to an endpoint."""

import re
from collections.abc import Mapping
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
    from emulator.platform.worlds import Worlds
    from emulator.web.http.operation import Operation

# RFC 6454, 6.2: a scheme, a host and perhaps a port.
_ORIGIN = re.compile(r"https?://(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")
_ORIGIN_LENGTH_MAX = 300
_UNLOGGED = UNLOGGED.encode()


class Call(Struct, kw_only=True, eq=False):
    """A request, with all that the steps have found out about it so far.

    `platform` is that of the default world until the request's own world is known. `path` holds the
    values of the path's names, `json` the body as it came, `form` the fields of a form.
    `is_body_read`: reading of the body has begun. `credential` is the caller's key or token, empty
    without one.
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
    began_us: int = field(default_factory=monotonic_us)
    credential: str = ""

    def __post_init__(self) -> None:
        self.credential = credential(self.request)

    @property
    def operation(self) -> "Operation":
        """The called operation; only after the step that finds it."""
        if self.operation_or_none is None:
            raise RuntimeError("a step needs the operation before the step that finds it")
        return self.operation_or_none

    @property
    def world(self) -> World:
        return self.platform.world

    @property
    def addresses(self) -> Addresses:
        """The addresses by which the caller reaches this platform."""
        return self.platform.addresses

    @property
    def trace_id(self) -> str:
        trace: str = self.request.scope["state"]["trace_id"]
        return trace

    @property
    def is_of_console(self) -> bool:
        """Whether the request is from the emulator's own pages: it must change nothing else."""
        return any(name == _UNLOGGED for name, _ in self.request.scope["headers"])

    @property
    def is_counted(self) -> bool:
        """Whether this may count as a view or a search: HEAD does not (RFC 9110, 9.3.2)."""
        return self.request.method != "HEAD" and not self.is_of_console

    @property
    def accept(self) -> str:
        """The media types that the request accepts."""
        return self.request.headers.get("accept", "")

    @property
    def last_event_id(self) -> str:
        """The id of the last event that the client received from an event stream (HTML, 9.2.4)."""
        return self.request.headers.get("last-event-id", "")

    @property
    def site(self) -> str:
        """The base of links in mails: the client's own site, or else this server."""
        origin = self.request.headers.get("origin", "")
        is_site = len(origin) <= _ORIGIN_LENGTH_MAX and _ORIGIN.fullmatch(origin)
        return origin if is_site else self.addresses.http
