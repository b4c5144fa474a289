"""The present real viewers: sessions with a recent request (contract, websocket.md)."""

from collections.abc import Callable
from operator import itemgetter

from emulator.core.clock import Clock, Timer


class Viewers:
    """Counts distinct sessions per stream. A session without a request for `gone_ms` has left.

    `simulated` returns a stream's number of simulated viewers by its id; `count` includes them.
    """

    def __init__(
        self, clock: Clock, gone_ms: int, simulated: Callable[[str], int] = lambda _: 0
    ) -> None:
        # Timers by stream that remove silent viewers.
        self.timers: dict[str, Timer] = {}
        self._clock = clock
        self._gone_ms = gone_ms
        self._simulated = simulated
        # Sessions by stream, ordered by the time of their last request.
        self._seen_at_ms: dict[str, dict[str, int]] = {}

    def see_again(self, stream_id: str, session: str) -> bool:
        """Note that a counted session still watches.

        Returns False, and does nothing, for any other.
        """
        sessions = self._seen_at_ms.get(stream_id)
        seen_at_ms = sessions.get(session) if sessions else None
        if sessions is None or seen_at_ms is None:
            return False
        now_ms = self._clock.now_ms()
        if seen_at_ms <= now_ms - self._gone_ms:
            return False
        if now_ms > seen_at_ms:
            del sessions[session]
            sessions[session] = now_ms
        return True

    def see(self, stream_id: str, session: str) -> None:
        """Note that a session has requested a playlist or a part of this stream."""
        # Removed and inserted again, so that the dict stays ordered by time.
        sessions = self._seen_at_ms.setdefault(stream_id, {})
        sessions.pop(session, None)
        sessions[session] = self._clock.now_ms()

    def leave(self, stream_id: str, session: str) -> int | None:
        """Remove a session; return until when (ms) it would have counted, None if it was absent."""
        seen_at_ms = self._seen_at_ms.get(stream_id, {}).pop(session, None)
        return None if seen_at_ms is None else seen_at_ms + self._gone_ms

    def lose(self, stream_id: str) -> list[tuple[str, int]]:
        """Remove the silent sessions; returns each with the time (ms) at which it left."""
        sessions = self._seen_at_ms.get(stream_id)
        if not sessions:
            return []
        gone = [
            (session, seen_at_ms + self._gone_ms) for session, seen_at_ms in self._silent(sessions)
        ]
        for session, _ in gone:
            del sessions[session]
        return gone

    def take_back(self, stream_id: str, gone: list[tuple[str, int]]) -> None:
        """Put back the sessions that `lose` returned: their departure could not be written."""
        sessions = {session: left_at_ms - self._gone_ms for session, left_at_ms in gone}
        sessions |= self._seen_at_ms.get(stream_id, {})
        self._seen_at_ms[stream_id] = dict(sorted(sessions.items(), key=itemgetter(1)))

    def remember(self, stream_id: str) -> Callable[[], None]:
        """Return a function that undoes `forget`: it restores a stream's current sessions."""
        sessions = self._seen_at_ms.get(stream_id)

        def come_back() -> None:
            if sessions is not None:
                self._seen_at_ms[stream_id] = sessions

        return come_back

    def has_silent(self, stream_id: str) -> bool:
        """Whether `lose` would remove a session."""
        sessions = self._seen_at_ms.get(stream_id)
        return bool(sessions and self._silent(sessions))

    def next_loss_ms(self, stream_id: str) -> int | None:
        """The time at which the first of a stream's sessions will have been silent too long."""
        sessions = self._seen_at_ms.get(stream_id)
        return next(iter(sessions.values())) + self._gone_ms if sessions else None

    def forget(self, stream_id: str) -> list[str]:
        """Remove all sessions of a stream that has ended, and return them."""
        return list(self._seen_at_ms.pop(stream_id, ()))

    def sessions(self, stream_id: str) -> frozenset[str]:
        """The sessions of a stream that were not removed."""
        return frozenset(self._seen_at_ms.get(stream_id, ()))

    def real(self, stream_id: str) -> int:
        """The current number of a stream's real viewers."""
        sessions = self._seen_at_ms.get(stream_id)
        return len(sessions) - len(self._silent(sessions)) if sessions else 0

    def reals(self) -> dict[str, int]:
        """The current numbers of real viewers, by stream id."""
        return {
            stream_id: len(sessions) - len(self._silent(sessions))
            for stream_id, sessions in self._seen_at_ms.items()
        }

    def count(self, stream_id: str) -> int:
        """The current number of a stream's viewers, real and simulated."""
        return self._simulated(stream_id) + self.real(stream_id)

    def _silent(self, sessions: dict[str, int]) -> list[tuple[str, int]]:
        """The sessions without a request for too long; they are the first ones."""
        oldest_ms = self._clock.now_ms() - self._gone_ms
        silent = []
        for session, seen_at_ms in sessions.items():
            if seen_at_ms > oldest_ms:
                break
            silent.append((session, seen_at_ms))
        return silent
