"""`/_emulator/health` and `info`: the state of the emulator, and where it listens."""

from typing import TypedDict, cast

from emulator.web.admin.health import Health, health_of
from emulator.web.http.answers import Other
from emulator.web.http.call import Call
from emulator.web.http.endpoint import endpoint


class Info(TypedDict):
    """`data` is the data folder, `ca` the file of the CA's certificate.

    `api_key` belongs to the seed's user `demo`.
    """

    version: str
    pid: int
    data: str
    http: str
    ws: str
    rtmp: str
    rtmps: str
    admin: str
    console: str
    ca: str
    api_key: str


@endpoint("GET", "/health", also=(503,))
def get_health(call: Call) -> Health | Other:
    """Read whether the emulator works: 503 while it stops.

    `degraded`: reads and players are answered, but writes to the full disk are refused.
    """
    status, health = health_of(call.worlds)
    return health if status == 200 else Other(status, health)


@endpoint("GET", "/info")
def get_info(call: Call) -> Info:
    """Read where everything listens, by the caller's addresses: the content of the ready file."""
    return cast(Info, {**call.platform.ready, **call.addresses.ready()})
