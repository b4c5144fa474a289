"""The platform's operations: one list. Imported late, because pydantic costs a start 80 ms."""

from emulator.web.api import accounts, categories, streams, vods
from emulator.web.rest.router import Router

OPERATIONS = [
    *streams.OPERATIONS,
    *categories.OPERATIONS,
    *vods.OPERATIONS,
    *accounts.OPERATIONS,
]

ROUTER = Router(OPERATIONS)
