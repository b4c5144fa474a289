"""Failures: what a failing test shows of its world: what the app asked, and what was in its way."""

from typing import Any

from emulator.platform.request_log import LoggedRequest, RequestLog
from emulator.pytest_plugin.worlds import World
from emulator.web.http.excerpt import excerpt_answer, excerpt_headers
from emulator.web.http.injected_faults import HEADER
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
        return ["The app has asked nothing of this world. Does it use its key, or its header?"]
    shown = entries[-_REQUESTS_SHOWN:]
    head = f"The last {len(shown)} of {len(entries) + log.dropped[world.name]} requests:"
    return [head, *(f"  {_request(log, entry)}" for entry in shown)]


def _request(log: RequestLog, entry: LoggedRequest) -> str:
    headers = excerpt_headers(entry.answer_headers)
    notes = [entry.user or "nobody"]
    is_faults = HEADER.lower() in headers
    if entry.status >= 400 and not is_faults:
        notes.append(_message(log, entry, headers.get("content-type", "")))
    if entry.operation is None:
        notes.append("there is no such operation")
    if entry.credential == "invalid":
        notes.append("the credential is invalid")
    if entry.unknown_fields:
        notes.append(f"unknown fields: {', '.join(entry.unknown_fields)}")
    if is_faults:
        notes.append(f"made by {headers[HEADER.lower()]}")
    query = "&".join(f"{name}={value}" for name, value in entry.query.items())
    address = f"{entry.path}?{query}" if query else entry.path
    return f"{entry.method} {address} -> {entry.status}  {'; '.join(filter(None, notes))}"


def _message(log: RequestLog, entry: LoggedRequest, media_type: str) -> str:
    body: Any = excerpt_answer(entry.answer, media_type, log.config.entry_bytes_max)
    if not isinstance(body, dict):
        return ""
    detail = body.get("detail")
    if isinstance(detail, list):
        return ", ".join(
            f"{'.'.join(map(str, error.get('loc', ())))}: {error.get('message')}"
            for error in detail
            if isinstance(error, dict)
        )
    return str(body.get("message", ""))


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
