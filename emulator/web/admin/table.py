"""Our own API's operations: one list. Imported late, like the platform's."""

from emulator.web.admin import (
    clock,
    events,
    faults,
    metrics,
    outbox,
    requests,
    snapshots,
    webhooks,
    worlds,
)
from emulator.web.admin.scenarios import operations as scenarios
from emulator.web.admin.streams import publish, targets, viewers, vods
from emulator.web.http.router import Router

OPERATIONS = [
    *worlds.OPERATIONS,
    *snapshots.OPERATIONS,
    *clock.OPERATIONS,
    *publish.OPERATIONS,
    *viewers.OPERATIONS,
    *targets.OPERATIONS,
    *vods.OPERATIONS,
    *metrics.OPERATIONS,
    *events.OPERATIONS,
    *requests.OPERATIONS,
    *outbox.OPERATIONS,
    *webhooks.OPERATIONS,
    *faults.OPERATIONS,
    *scenarios.OPERATIONS,
]

ROUTER = Router(OPERATIONS)
