"""Rate limits: at most N calls in a sliding minute of the world's clock (contract, Conventions)."""

from collections import deque

from msgspec import Struct

from emulator.core.clock import Clock
from emulator.core.errors import Refused

WINDOW_MS = 60_000


class Quota(Struct, frozen=True):
    """A caller's remaining calls after one call. At `reset_ms` the oldest call stops counting."""

    limit: int
    remaining: int
    reset_ms: int


class RateLimiter:
    """Remembers each caller's calls of the last minute."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        # The times of each caller's calls, by what was called.
        self._calls: dict[str, dict[str, deque[int]]] = {}

    def take(self, what: str, caller: str, limit: int) -> Quota:
        """Count one call of `what` by `caller`; a `limit` of 0 means that there is no limit.

        Refuses (`rate_limited`, with `retry_after_seconds` and `quota`) a call over the limit. The
        refused call counts too: a client that keeps calling stays refused.
        """
        return _quota(self.count(what, caller, limit, self._clock.now_ms()), limit)

    def count(self, what: str, caller: str, limit: int, now_ms: int) -> deque[int]:
        """Count one call as `take` does, and return the times (ms) of all calls that count now."""
        callers = self._calls.get(what)
        if callers is None:
            callers = self._calls[what] = {}
        calls = callers.get(caller)
        if calls is None:
            calls = callers[caller] = deque(maxlen=max(1, limit))
        since_ms = now_ms - WINDOW_MS
        while calls and calls[0] <= since_ms:
            calls.popleft()
        is_full = len(calls) >= limit > 0
        calls.append(now_ms)
        if is_full:
            quota = _quota(calls, limit)
            wait_seconds = max(1, -(-(quota.reset_ms - now_ms) // 1000))
            raise Refused(
                "rate_limited",
                f"Rate limit exceeded: {limit} per minute. Try again in {wait_seconds} s.",
                retry_after_seconds=wait_seconds,
                quota=quota,
            )
        return calls


def _quota(calls: deque[int], limit: int) -> Quota:
    return Quota(limit, max(0, limit - len(calls)), calls[0] + WINDOW_MS)
