"""The request log: who called what, so that a test can assert what its app sent.

The newest requests are kept, across all worlds. Secrets are not: their values are struck out.
"""

from collections import deque
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, Literal

from emulator.core.values import dataclass

Credential = Literal["none", "valid", "invalid"]

STRUCK_OUT = "***"
_SECRETS = ("password", "token", "secret", "code", "key", "sdp")
_STRING_KEPT_MAX = 2_000
_ITEMS_KEPT_MAX = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One answered request. `seq` counts from 1. `path` is as it was sent, with its prefix.

    `operation` is the path with its names (`/streams/id/{stream_id}`), None for an unknown one.
    `has_two_credentials`: both `X-API-Key` and `Authorization` were sent, and the first was read.
    `unknown_fields` are names in body and query that nobody reads.
    """

    seq: int
    at_ms: int
    world: str
    method: str
    path: str
    operation: str | None
    status: int
    user: str | None
    credential: Credential
    has_two_credentials: bool = False
    query: dict[str, str]
    body: Any
    unknown_fields: tuple[str, ...]
    trace_id: str
    user_agent: str
    duration_us: int


class RequestLog:
    """The last `kept_max` requests."""

    def __init__(self, kept_max: int) -> None:
        self._entries: deque[Entry] = deque(maxlen=kept_max)
        self._count = 0
        # Of all since the start, also those that are not kept: by world, method and status / 100.
        self.counts: dict[tuple[str, str, int], int] = {}
        self.duration_us = 0

    def next_seq(self) -> int:
        self._count += 1
        return self._count

    def note(self, entry: Entry) -> None:
        self._entries.append(entry)
        key = (entry.world, entry.method, entry.status // 100)
        self.counts[key] = self.counts.get(key, 0) + 1
        self.duration_us += entry.duration_us

    def find(
        self, is_wanted: Callable[[Entry], bool], *, after: int, count: int
    ) -> tuple[list[Entry], bool]:
        """The first `count` that are wanted with a `seq` over `after`, and whether more follow."""
        wanted: Iterator[Entry] = (
            entry for entry in self._entries if entry.seq > after and is_wanted(entry)
        )
        found = list(islice(wanted, count + 1))
        return found[:count], len(found) > count

    def forget(self, world: str) -> None:
        """Drop a world's entries: it was reset, or is gone."""
        kept = [entry for entry in self._entries if entry.world != world]
        self._entries.clear()
        self._entries.extend(kept)
        self.counts = {key: count for key, count in self.counts.items() if key[0] != world}


def without_secrets(value: Any) -> Any:
    """JSON as it was sent, without what nobody should read in a log; long things are cut."""
    if isinstance(value, dict):
        return {
            name: STRUCK_OUT if is_secret(name) else without_secrets(item)
            for name, item in islice(value.items(), _ITEMS_KEPT_MAX)
        }
    if isinstance(value, list):
        return [without_secrets(item) for item in value[:_ITEMS_KEPT_MAX]]
    if isinstance(value, str) and len(value) > _STRING_KEPT_MAX:
        return value[:_STRING_KEPT_MAX] + "…"
    return value


def is_secret(name: str) -> bool:
    """Whether a field of this name holds a secret: `password`, `streamKey`, `refresh_token`."""
    folded = name.casefold()
    return any(folded.endswith(secret) for secret in _SECRETS)
