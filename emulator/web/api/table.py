"""The platform's operations: one list. Imported late, because pydantic costs a start 80 ms."""

from emulator.web.api.library import vods
from emulator.web.api.live import categories, streams
from emulator.web.api.people import accounts
from emulator.web.rest.router import Router

OPERATIONS = [
    *streams.OPERATIONS,
    *categories.OPERATIONS,
    *vods.OPERATIONS,
    *accounts.OPERATIONS,
]

ROUTER = Router(OPERATIONS)
