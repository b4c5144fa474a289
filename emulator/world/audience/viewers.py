"""The viewers of now: sessions that were seen a moment ago (contract, websocket.md)."""

from collections.abc import Callable
from operator import itemgetter

from emulator.core.clock import Clock, Timer


class Viewers:
    """Counts distinct sessions a stream. A session that is not seen for `gone_ms` has left.

    `simulated` tells how many viewers of a stream are made up, by its id; they are counted too.
    """

    def __init__(
        self, clock: Clock, gone_ms: int, simulated: Callable[[str], int] = lambda _: 0
    ) -> None:
        # What notices, by stream, that somebody has fallen silent.
        self.timers: dict[str, Timer] = {}
        self._clock = clock
        self._gone_ms = gone_ms
        self._simulated = simulated
        # Each stream's sessions are ordered by when they were seen.
        self._seen_at_ms: dict[str, dict[str, int]] = {}

    def see_again(self, stream_id: str, session: str) -> bool:
        """A session that is here is still there. False if it is not here: then nothing happens."""
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
        """A player of this stream asked for a playlist or a part."""
        # Taken out and put back, so that the dict stays ordered by time.
        sessions = self._seen_at_ms.setdefault(stream_id, {})
        sessions.pop(session, None)
        sessions[session] = self._clock.now_ms()

    def leave(self, stream_id: str, session: str) -> int | None:
        """A session says goodbye. Until when it would have counted; None if it was not there."""
        seen_at_ms = self._seen_at_ms.get(stream_id, {}).pop(session, None)
        return None if seen_at_ms is None else seen_at_ms + self._gone_ms

    def lose(self, stream_id: str) -> list[tuple[str, int]]:
        """Forget the sessions that have left, each with the instant from which it was gone."""
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
        """Those whom `lose` gave are here after all: nobody could write down that they left."""
        sessions = {session: left_at_ms - self._gone_ms for session, left_at_ms in gone}
        sessions |= self._seen_at_ms.get(stream_id, {})
        self._seen_at_ms[stream_id] = dict(sorted(sessions.items(), key=itemgetter(1)))

    def remember(self, stream_id: str) -> Callable[[], None]:
        """How to undo `forget`: gives a stream its viewers of now back."""
        sessions = self._seen_at_ms.get(stream_id)

        def come_back() -> None:
            if sessions is not None:
                self._seen_at_ms[stream_id] = sessions

        return come_back

    def has_silent(self, stream_id: str) -> bool:
        """Whether `lose` would give anybody."""
        sessions = self._seen_at_ms.get(stream_id)
        return bool(sessions and self._silent(sessions))

    def next_loss_ms(self, stream_id: str) -> int | None:
        """When the first of a stream's sessions will have been silent for too long."""
        sessions = self._seen_at_ms.get(stream_id)
        return next(iter(sessions.values())) + self._gone_ms if sessions else None

    def forget(self, stream_id: str) -> list[str]:
        """A stream has ended: nobody watches it any more. Returns its last viewers."""
        return list(self._seen_at_ms.pop(stream_id, ()))

    def sessions(self, stream_id: str) -> frozenset[str]:
        """The real sessions of a stream that have not been lost or forgotten."""
        return frozenset(self._seen_at_ms.get(stream_id, ()))

    def real(self, stream_id: str) -> int:
        """How many real viewers watch at this instant."""
        sessions = self._seen_at_ms.get(stream_id)
        return len(sessions) - len(self._silent(sessions)) if sessions else 0

    def reals(self) -> dict[str, int]:
        """How many real viewers watch at this instant, by stream id."""
        return {
            stream_id: len(sessions) - len(self._silent(sessions))
            for stream_id, sessions in self._seen_at_ms.items()
        }

    def count(self, stream_id: str) -> int:
        """How many watch at this instant."""
        return self._simulated(stream_id) + self.real(stream_id)

    def _silent(self, sessions: dict[str, int]) -> list[tuple[str, int]]:
        """Those not seen for too long; they stand first."""
        oldest_ms = self._clock.now_ms() - self._gone_ms
        silent = []
        for session, seen_at_ms in sessions.items():
            if seen_at_ms > oldest_ms:
                break
            silent.append((session, seen_at_ms))
        return silent
