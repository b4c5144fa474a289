"""Aims: the faults that can strike what an app uses, and plans drawn from them."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from emulator.core.ids import Chance
from emulator.exploration.plan import Written, kind_of
from emulator.exploration.trial import Outcome

_STATUSES = (503, 500, 429)
_SLOW = "2s"
# The answers that sequences are drawn from. Most are errors, so that an app has to handle some.
_ANSWERS: tuple[int | str, ...] = (503, 500, 429, 503, "through")
_SEQUENCE_MAX = 3
# The events at which a fault may begin; those of the platform's own housekeeping are left out.
_DRAWS_MAX = 50
_AFTER_MS = (0, 50, 200, 500, 1_000, 2_000)


class Cell(NamedTuple):
    """A cell of the report's matrix: what is struck, and by which kind of fault."""

    row: str
    column: str


class Profile(NamedTuple):
    """An app's use of the platform: how often each operation, file and webhook, and its events."""

    operations: dict[str, int]
    files: dict[str, int]
    webhooks: dict[str, int]
    messages: int
    sockets: int
    recordings: int
    tokens: int
    events: dict[str, int]

    @property
    def is_empty(self) -> bool:
        return not any((*self[:-1], "PublisherJoined" in self.events))


def profile_of(outcome: Outcome) -> Profile:
    """The profile of a run without faults."""
    counts: dict[str, Counter[str]] = {}
    for use in outcome.uses:
        name = f"{use.method} {use.operation}" if use.operation else use.what or use.event
        counts.setdefault(use.kind, Counter())[name] += use.count
    return Profile(
        operations=dict(counts.get("api.delay", {})),
        files=dict(counts.get("media.missing", {})) | dict(counts.get("media.stall", {})),
        webhooks=dict(counts.get("webhook.slow", {})),
        messages=sum(counts.get("chat.drop", Counter()).values()),
        sockets=sum(counts.get("chat.disconnect", Counter()).values()),
        recordings=sum(counts.get("vod.slow", Counter()).values()),
        tokens=sum(counts.get("auth.expire", Counter()).values()),
        events=outcome.events,
    )


def cell_of(entry: Written) -> Cell:
    """The matrix cell of a planned fault."""
    kind = kind_of(entry)
    part, _, name = kind.partition(".")
    values = entry[kind] or {}
    row = {
        "api": str(values.get("operation") or values.get("path") or "every call"),
        "chat": "chat socket",
        "media": f"media: {values.get('what') or 'playlist'}",
        "webhook": f"webhook {values.get('event') or '(every)'}",
        "ingest": "publisher",
        "stream": "stream",
        "vod": "recording",
        "auth": "access token",
        "limit": "rate limit",
        "clock": "clock",
    }[part]
    if kind != "api.fail":
        return Cell(row, name)
    if "answers" in values:
        return Cell(row, "sequence")
    status = str(values.get("status", 503))
    return Cell(row, f"{status}, done" if values.get("done") else status)


def uses_of(profile: Profile, entry: Written) -> int:
    """The uses of this fault's target in a run without faults; 0 if they are not counted."""
    kind = kind_of(entry)
    values = entry[kind] or {}
    if kind.startswith("api."):
        return profile.operations.get(str(values.get("operation")), 0)
    if kind.startswith("webhook."):
        return profile.webhooks.get(str(values.get("event")), 0)
    if kind in ("media.missing", "media.truncate"):
        return profile.files.get(str(values.get("what")), 0)
    return profile.messages if kind in ("chat.delay", "chat.repeat") else 0


def singles(profile: Profile) -> list[Written]:
    """Plans of one fault: everything that is used, with each kind of fault that can strike it."""
    return [
        *_of_operations(profile),
        *_of_media(profile),
        *_of_webhooks(profile),
        *_of_chat(profile),
        *_of_publishers(profile),
        *_of_time(profile),
    ]


def draws(profile: Profile, entries: Sequence[Written], seed: int) -> Iterator[list[Written]]:
    """Draw plans: pairs of faults, sequences of answers, and faults at other moments.

    The same arguments give the same plans, none of them twice. Ends when no new plan turns up.
    """
    chance = Chance(seed, "exploration")
    seen: set[str] = set()
    kinds = (_pair, _sequence, _moment)
    in_vain = 0
    while entries and in_vain < _DRAWS_MAX:
        plan = kinds[chance.randrange(len(kinds))](profile, entries, chance)
        key = json.dumps(plan, sort_keys=True)
        in_vain += 1
        if plan and key not in seen:
            seen.add(key)
            in_vain = 0
            yield plan


def _pick(chance: Chance, items: Sequence[Any]) -> Any:
    return items[chance.randrange(len(items))]


def _skipped(profile: Profile, entry: Written, chance: Chance) -> Written:
    """The planned fault, begun later: it lets some of the calls that it could strike pass."""
    uses = uses_of(profile, entry)
    skip = chance.randrange(uses) if uses > 1 and "answers" not in entry else 0
    return entry | {"skip": skip} if skip else entry


def _pair(profile: Profile, entries: Sequence[Written], chance: Chance) -> list[Written]:
    one, other = _pick(chance, entries), _pick(chance, entries)
    if cell_of(one) == cell_of(other):
        return []
    return [_skipped(profile, one, chance), _skipped(profile, other, chance)]


def _sequence(profile: Profile, entries: Sequence[Written], chance: Chance) -> list[Written]:
    known = {cell_of(entry).row for entry in entries}
    operations = [name for name in profile.operations if name in known]
    if not operations:
        return []
    operation = _pick(chance, operations)
    answers = [_pick(chance, _ANSWERS) for _ in range(2 + chance.randrange(_SEQUENCE_MAX - 1))]
    if not any(isinstance(answer, int) for answer in answers):
        return []
    return [{"api.fail": {"operation": operation, "answers": answers}}]


def _moment(profile: Profile, entries: Sequence[Written], chance: Chance) -> list[Written]:
    """A fault that begins at a random event of the run."""
    if not profile.events:
        return []
    entry = _pick(chance, entries)
    event = _pick(chance, sorted(profile.events))
    moment: dict[str, Any] = {"at": event}
    nth = 1 + chance.randrange(profile.events[event])
    after_ms = _pick(chance, _AFTER_MS)
    if nth > 1:
        moment["nth"] = nth
    if after_ms:
        moment["after"] = f"{after_ms}ms"
    return [
        {name: value for name, value in entry.items() if name not in ("at", "nth", "after")}
        | moment
    ]


def _of_operations(profile: Profile) -> Iterator[Written]:
    for operation in profile.operations:
        is_read = operation.startswith("GET ")
        for status in _STATUSES:
            yield {"api.fail": {"operation": operation, "status": status}, "times": 1}
        yield {"api.delay": {"operation": operation, "delay": _SLOW}, "times": 1}
        yield {"api.cut": {"operation": operation}, "times": 1}
        yield {"api.malform": {"operation": operation}, "times": 1}
        if is_read:
            yield {"api.stale": {"operation": operation}, "times": 1}
        else:
            values = {"operation": operation, "status": 503, "done": True}
            yield {"api.fail": values, "times": 1}


def _of_media(profile: Profile) -> Iterator[Written]:
    for what in profile.files:
        yield {"media.missing": {"what": what}, "times": 1}
        if what != "playlist":
            yield {"media.truncate": {"what": what}, "times": 1}
    if profile.files:
        yield {"media.stall": {}, "for": "3s", "at": "StreamWentLive", "after": "1s"}
        yield {"media.slow": {"kbits": 500}, "for": "5s"}


def _of_webhooks(profile: Profile) -> Iterator[Written]:
    for event in profile.webhooks:
        yield {"webhook.fail": {"event": event}, "times": 1}
        yield {"webhook.slow": {"event": event, "delay": _SLOW}, "times": 1}
        yield {"webhook.repeat": {"event": event}, "times": 1}
        yield {"webhook.disorder": {"event": event}, "times": 1}


def _of_chat(profile: Profile) -> Iterator[Written]:
    """Faults of the chat, but not `drop` and `disorder`: a socket loses and reorders nothing."""
    if profile.sockets:
        yield {"chat.disconnect": {}, "times": 1}
        yield {"chat.disconnect": {}, "times": 1, "at": "ChatPosted"}
    if profile.messages:
        yield {"chat.delay": {}, "times": 1}
        yield {"chat.repeat": {}, "times": 1}


def _of_publishers(profile: Profile) -> Iterator[Written]:
    if "PublisherJoined" in profile.events:
        yield {"ingest.refuse": {}, "times": 1}
        yield {"ingest.cut": {}, "times": 1, "at": "StreamWentLive", "after": "1s"}
        yield {"ingest.throttle": {"kbits": 300}, "for": "5s"}
    if "StreamWentLive" in profile.events:
        yield {"stream.end": {}, "times": 1, "at": "StreamWentLive", "after": "1s"}
    if profile.recordings:
        yield {"vod.fail": {}, "times": 1}
        yield {"vod.slow": {"delay": "5s"}, "times": 1}


def _of_time(profile: Profile) -> Iterator[Written]:
    if profile.tokens:
        yield {"auth.expire": {}, "at": "UserLoggedIn", "after": "200ms"}
    busiest = max(profile.events, key=lambda name: profile.events[name], default="")
    if busiest:
        yield {"clock.jump": {"by": "1h"}, "times": 1, "at": busiest}
