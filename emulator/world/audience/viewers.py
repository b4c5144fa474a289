"""Who watches right now: sessions that were seen a moment ago (contract, websocket.md)."""

from emulator.core.clock import Clock


class Viewers:
    """Counts distinct sessions a stream. A session that is not seen for `gone_ms` has left.

    `simulated` is how many viewers of a stream are made up, by its id; they are counted too.
    """

    def __init__(self, clock: Clock, gone_ms: int) -> None:
        self.simulated: dict[str, int] = {}
        self._clock = clock
        self._gone_ms = gone_ms
        self._seen_at_ms: dict[str, dict[str, int]] = {}

    def see(self, stream_id: str, session: str) -> bool:
        """A player of this stream asked for a playlist or a part. True if it is a new one."""
        # Taken out and put back, so that the dict stays ordered by time.
        sessions = self._seen_at_ms.setdefault(stream_id, {})
        is_new = sessions.pop(session, None) is None
        sessions[session] = self._clock.now_ms()
        return is_new

    def leave(self, stream_id: str, session: str) -> bool:
        """A session says goodbye. True if it was there."""
        return self._seen_at_ms.get(stream_id, {}).pop(session, None) is not None

    def lose(self, stream_id: str) -> list[tuple[str, int]]:
        """Forget the sessions that have left, each with the instant from which it was gone."""
        sessions = self._seen_at_ms.get(stream_id, {})
        gone = [
            (session, seen_at_ms + self._gone_ms) for session, seen_at_ms in self._silent(sessions)
        ]
        for session, _ in gone:
            del sessions[session]
        return gone

    def forget(self, stream_id: str) -> list[str]:
        """A stream has ended: nobody watches it any more. Returns who did."""
        self.simulated.pop(stream_id, None)
        return list(self._seen_at_ms.pop(stream_id, ()))

    def sessions(self, stream_id: str) -> frozenset[str]:
        """The real sessions of a stream that have not been lost or forgotten."""
        return frozenset(self._seen_at_ms.get(stream_id, ()))

    def count(self, stream_id: str) -> int:
        """How many watch at this instant."""
        simulated = self.simulated.get(stream_id, 0)
        sessions = self._seen_at_ms.get(stream_id)
        if not sessions:
            return simulated
        return simulated + len(sessions) - len(self._silent(sessions))

    def _silent(self, sessions: dict[str, int]) -> list[tuple[str, int]]:
        """Those not seen for too long; they stand first."""
        oldest_ms = self._clock.now_ms() - self._gone_ms
        silent = []
        for session, seen_at_ms in sessions.items():
            if seen_at_ms > oldest_ms:
                break
            silent.append((session, seen_at_ms))
        return silent
