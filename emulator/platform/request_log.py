"""RequestLog: every call of the API, so that a test can assert what its app sent.

It keeps the newest requests of all worlds together. Secrets are not shown (`excerpt`). Calls of the
admin API (`/_emulator/`) and of the console's pages are not logged: no app sent them.
"""

import sys
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, islice, takewhile
from typing import Any, Literal

from msgspec import Struct

from emulator.core.causes import Range
from emulator.core.errors import Refused
from emulator.platform.config import RequestLogConfig

Credential = Literal["none", "valid", "invalid"]

# A request with this header comes from the console.
UNLOGGED = "x-emulator-console"
# The key in a request's state for the replay that sent it (`web/http/replay`).
REPLAY = "replay"
# A longer answer is not kept: secrets could not be found in a part of it.
ANSWER_BYTES_MAX = 65_536
# A longer body of a request is not kept either.
BODY_BYTES_MAX = 65_536

RawHeaders = Sequence[tuple[bytes, bytes]]

# An entry's memory without its texts and its body: the object, its numbers, its place.
_ENTRY_BYTES = 600


class SentRequest(Struct, frozen=True):
    """The parts needed to send a request again: its path and query as they came, and its body.

    `body` is None if it is not kept: a file, or more than `BODY_BYTES_MAX`.
    """

    path: bytes
    query: bytes
    body: bytes | None

    def __repr__(self) -> str:
        """Without the fields, which may hold secrets."""
        return "SentRequest()"


class LoggedRequest(Struct, frozen=True, kw_only=True):
    """One answered request. `seq` counts from 1. `path` is as it was sent, with its prefix.

    `operation` is the path's template (`/streams/id/{stream_id}`), None for an unknown path.
    `has_two_credentials`: both `X-API-Key` and `Authorization` were sent, and the first was used.
    `unknown_fields` are names in the body and query that the operation does not know. `headers`,
    `answer_headers`, `answer` (a body of `answer_bytes`; empty if over `ANSWER_BYTES_MAX`) and
    `sent` are as they were on the wire, with secrets: pass them through `excerpt` before they are
    shown. `sent` is None for a request that cannot be sent again. `events` are those that the call
    caused before its answer, `replay_of` is the `seq` of the request that this one repeats.
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
    headers: RawHeaders = ()
    answer_headers: RawHeaders = ()
    answer: bytes = b""
    answer_bytes: int = 0
    sent: SentRequest | None = None
    events: Sequence[Range] = ()
    replay_of: int | None = None

    def __repr__(self) -> str:
        """Without the fields that may hold secrets."""
        return f"LoggedRequest(seq={self.seq}, {self.method} {self.path}, status={self.status})"

    @property
    def size(self) -> int:
        """The entry's memory, in bytes."""
        shown = (self.path, self.user_agent, self.query, self.body, self.unknown_fields)
        return memory_bytes(shown) + raw_bytes(
            self.headers, self.answer_headers, self.answer, self.events, self.sent
        )


class UnreadRequest(Struct, frozen=True, kw_only=True):
    """An answered request as it came. `read` makes the entry that is shown, at the first look."""

    seq: int
    at_ms: int
    world: str
    method: str
    status: int
    trace_id: str
    duration_us: int

    @property
    def size(self) -> int:
        """The entry's memory, in bytes."""
        raise NotImplementedError

    def read(self) -> LoggedRequest:
        """The entry that is shown."""
        raise NotImplementedError


class RequestLog:
    """The last requests. `dropped` counts, for each world, the older ones that were removed."""

    def __init__(self, config: RequestLogConfig) -> None:
        self.config = config
        self._entries: deque[LoggedRequest | UnreadRequest] = deque()
        self._sizes: deque[int] = deque()
        self._bytes = 0
        self._count = 0
        self.dropped: Counter[str] = Counter()
        # All requests since the start, by world, method and status // 100.
        self.counts: dict[tuple[str, str, int], int] = {}
        self.duration_us = 0
        self._newest: dict[str, int] = {}
        self._watchers: list[tuple[str, Callable[[], None]]] = []

    @property
    def last_seq(self) -> int:
        """The number of the newest request, 0 before the first."""
        return self._count

    def last_seq_of(self, world: str) -> int:
        """The number of a world's newest request, 0 before its first."""
        return self._newest.get(world, 0)

    def watch(self, world: str, wake: Callable[[], None]) -> Callable[[], None]:
        """Call `wake`, which must return at once, at each request of a world.

        Returns a function that ends this.
        """
        watcher = (world, wake)
        self._watchers.append(watcher)
        return lambda: self._watchers.remove(watcher)

    def next_seq(self) -> int:
        self._count += 1
        return self._count

    def note(self, entry: LoggedRequest | UnreadRequest) -> None:
        self._keep(entry)
        while len(self._entries) > self.config.kept_max or self._bytes > self.config.bytes_max:
            self.dropped[self._entries.popleft().world] += 1
            self._bytes -= self._sizes.popleft()
        self.count(entry.world, entry.method, entry.status, entry.duration_us)
        self._newest[entry.world] = entry.seq
        for world, wake in self._watchers:
            if world == entry.world:
                wake()

    def count(self, world: str, method: str, status: int, duration_us: int) -> None:
        """Count a request in the metrics, whether it is logged or not."""
        key = (world, method, status // 100)
        self.counts[key] = self.counts.get(key, 0) + 1
        self.duration_us += duration_us

    def find(
        self, is_wanted: Callable[[LoggedRequest], bool], *, after: int, count: int
    ) -> tuple[list[LoggedRequest], bool]:
        """The first `count` wanted entries with a `seq` over `after`, and whether more follow."""
        newer = (index for index, entry in enumerate(self._entries) if entry.seq > after)
        return _page(filter(is_wanted, map(self._read, newer)), count)

    def find_newest(
        self, is_wanted: Callable[[LoggedRequest], bool], *, after: int, before: int, count: int
    ) -> tuple[list[LoggedRequest], bool]:
        """The last `count` wanted entries with a `seq` between `after` and `before`, newest first.

        The second value says whether there are more.
        """
        entries = self._entries
        behind = takewhile(
            lambda index: entries[index].seq > after, range(len(entries) - 1, -1, -1)
        )
        between = (index for index in behind if entries[index].seq < before)
        return _page(filter(is_wanted, map(self._read, between)), count)

    def get(self, seq: int) -> LoggedRequest:
        """The request of this number. Refuses (`not_found`) one that the log does not have."""
        places = (index for index, entry in enumerate(self._entries) if entry.seq == seq)
        index = next(places, None)
        if index is None:
            is_future = seq > self._count
            message = "There was no such request yet" if is_future else "It is not kept any more"
            raise Refused("not_found", f"Request {seq} is not in the log. {message}.")
        return self._read(index)

    def forget(self, world: str) -> None:
        """Drop the entries of a world that was reset or removed."""
        logged_requests = [entry for entry in self._entries if entry.world != world]
        self._entries.clear()
        self._sizes.clear()
        self._bytes = 0
        del self.dropped[world]
        self._newest.pop(world, None)
        for entry in logged_requests:
            self._keep(entry)
        self.counts = {key: count for key, count in self.counts.items() if key[0] != world}

    def _keep(self, entry: LoggedRequest | UnreadRequest) -> None:
        size = entry.size
        self._entries.append(entry)
        self._sizes.append(size)
        self._bytes += size

    def _read(self, index: int) -> LoggedRequest:
        """The entry at an index, made readable and kept so at the first look."""
        entry = self._entries[index]
        if isinstance(entry, LoggedRequest):
            return entry
        logged = self._entries[index] = entry.read()
        self._bytes += logged.size - self._sizes[index]
        self._sizes[index] = logged.size
        return logged


def raw_bytes(
    headers: RawHeaders,
    answer_headers: RawHeaders,
    answer: bytes,
    events: Sequence[Range],
    sent: SentRequest | None,
) -> int:
    """An entry's memory in bytes, without the fields that are shown."""
    size = _ENTRY_BYTES + len(answer) + 16 * len(events)
    size += sum(map(len, chain.from_iterable(headers)))
    size += sum(map(len, chain.from_iterable(answer_headers)))
    if sent is not None:
        size += len(sent.path) + len(sent.query) + len(sent.body or b"")
    return size


def _page(wanted: Iterator[LoggedRequest], count: int) -> tuple[list[LoggedRequest], bool]:
    """The first `count`, and whether more follow."""
    logged_requests = list(islice(wanted, count + 1))
    return logged_requests[:count], len(logged_requests) > count


def memory_bytes(value: Any) -> int:
    """The memory of a JSON value with everything in it, in bytes."""
    total, left = 0, [value]
    while left:
        item = left.pop()
        total += sys.getsizeof(item)
        if isinstance(item, dict):
            left += item
            left += item.values()
        elif isinstance(item, list | tuple):
            left += item
    return total
