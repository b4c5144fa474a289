"""ChatFaults: the effects of faults on one chat's messages (`world/faults/chat`)."""

from collections import deque
from collections.abc import Callable, Mapping

from emulator.core.clock import Timer
from emulator.world.faults.chat import ChatDelay, ChatDisorder, ChatDrop, ChatRepeat
from emulator.world.world import World

Payloads = Mapping[str, bytes]

# Messages that may be delayed at once; a further one sends the oldest early.
_LATE_MAX = 10_000


class ChatFaults:
    """Applies faults to the messages of a chat before `tell` sends them to its readers."""

    def __init__(self, world: World, stream_id: str, tell: Callable[[Payloads], None]) -> None:
        self._world = world
        self._stream_id = stream_id
        self._tell = tell
        self._late: deque[tuple[Payloads, Timer]] = deque()
        self._held: tuple[Payloads, Timer] | None = None

    def tell(self, payloads: Payloads) -> None:
        """Send one message: at once, later, twice, or never."""
        faults, stream = self._world.faults, self._stream_id
        subject = f"a message of the chat of {stream}"
        if faults.strike(ChatDrop, subject, stream=stream) is not None:
            return
        if self._held is None:
            disorder = faults.strike(ChatDisorder, subject, stream=stream)
            if disorder is not None:
                due_ms = self._world.now_ms + disorder.fault.most_ms
                timer = self._world.clock.call_at(due_ms, self._let_go)
                self._held = (payloads, timer)
                return
        delay = faults.strike(ChatDelay, subject, stream=stream)
        if delay is not None:
            self._put_off(payloads, delay.fault.delay_ms)
            return
        self._tell(payloads)
        if faults.strike(ChatRepeat, subject, stream=stream) is not None:
            self._tell(payloads)
        self._let_go()

    def close(self) -> None:
        """Cancel all delayed messages: there are no clients any more."""
        for _, timer in self._late:
            timer.cancel()
        self._late.clear()
        if self._held is not None:
            self._held[1].cancel()
            self._held = None

    def _put_off(self, payloads: Payloads, delay_ms: int) -> None:
        if len(self._late) >= _LATE_MAX:
            self._late[0][1].cancel()
            self._tell_late()
        due_ms = self._world.now_ms + delay_ms
        self._late.append((payloads, self._world.clock.call_at(due_ms, self._tell_late)))

    def _tell_late(self) -> None:
        if self._late:
            self._tell(self._late.popleft()[0])

    def _let_go(self) -> None:
        """Send the held message now, after the ones sent since."""
        if self._held is not None:
            payloads, timer = self._held
            self._held = None
            timer.cancel()
            self._tell(payloads)
