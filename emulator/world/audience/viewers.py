"""Who watches right now: sessions that were seen a moment ago (contract, websocket.md)."""

from emulator.core.clock import Clock


class Viewers:
    """Counts distinct sessions a stream. A session that is not seen for `gone_ms` has left."""

    def __init__(self, clock: Clock, gone_ms: int) -> None:
        self._clock = clock
        self._gone_ms = gone_ms
        self._seen_at_ms: dict[str, dict[str, int]] = {}

    def see(self, stream_id: str, session: str) -> None:
        """A player of this stream asked for a playlist or a part."""
        # Taken out and put back, so that the dict stays ordered by time.
        sessions = self._seen_at_ms.setdefault(stream_id, {})
        sessions.pop(session, None)
        sessions[session] = self._clock.now_ms()

    def leave(self, stream_id: str, session: str) -> None:
        self._seen_at_ms.get(stream_id, {}).pop(session, None)

    def forget(self, stream_id: str) -> None:
        """A stream has ended: nobody watches it any more."""
        self._seen_at_ms.pop(stream_id, None)

    def count(self, stream_id: str) -> int:
        sessions = self._seen_at_ms.get(stream_id)
        if not sessions:
            return 0
        oldest_ms = self._clock.now_ms() - self._gone_ms
        for session, seen_at_ms in list(sessions.items()):
            if seen_at_ms > oldest_ms:
                break
            del sessions[session]
        return len(sessions)
