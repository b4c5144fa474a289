"""Failures: the report of a failed test's world: the app's requests, and the faults and errors."""

from emulator.testing.worlds import World
from emulator.web.http.request_line import request_line
from emulator.world.store import events
from emulator.world.webhooks import deliveries

_REQUESTS_SHOWN = 15
_FAULTS_SHOWN = 10
_DELIVERIES_SHOWN = 5


def report(world: World) -> str:
    """The section of a failed test's report about its world."""
    lines = [f"World {world.name}. {world.clock.describe()}"]
    lines += world.call(lambda _: _requests(world))
    lines += world.call(lambda _: _faults(world))
    lines += world.call(lambda _: _webhooks(world))
    return "\n".join(lines)


def _requests(world: World) -> list[str]:
    log = world.platform.shared.requests
    entries, _ = log.find(lambda entry: entry.world == world.name, after=0, count=2**31)
    if not entries:
        return ["The app has sent no request to this world. Does it use its key, or its header?"]
    shown = entries[-_REQUESTS_SHOWN:]
    head = f"The last {len(shown)} of {len(entries) + log.dropped[world.name]} requests:"
    return [head, *(f"  {request_line(log, entry)}" for entry in shown)]


def _faults(world: World) -> list[str]:
    on = [
        f"{active.label} (struck {active.struck})" for active in world.platform.world.faults.all()
    ]
    store = world.platform.world.store
    struck = events.read(store, after=0, count=events.last_seq(store), kind="FaultStruck")
    lines = [f"Faults that are on: {', '.join(on)}"] if on else []
    if struck:
        lines.append(f"Faults have struck {len(struck)} times, last:")
        lines += [
            f"  {event.values['fault_id']} {event.values['kind']}: {event.values['subject']}"
            for event in struck[-_FAULTS_SHOWN:]
        ]
    return lines


def _webhooks(world: World) -> list[str]:
    page = deliveries.page(world.platform.world, 100, 2**62)
    undelivered = [
        delivery for delivery in page if delivery.state != "delivered" and delivery.attempts
    ]
    return [
        f"Webhook {delivery.kind} is {delivery.state} after {delivery.attempts} attempts: "
        f"{delivery.outcome}"
        for delivery in reversed(undelivered[:_DELIVERIES_SHOWN])
    ]
