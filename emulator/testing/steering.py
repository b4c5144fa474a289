"""Clock and Faults: the time of a test's world, and the faults that a test injects."""

from typing import Any

from emulator.platform.platform import Platform
from emulator.shapes.times import iso
from emulator.testing.platform import LiveEmulator
from emulator.testing.twins import twin, waits
from emulator.world.faults.reading import read
from emulator.world.store import events


class Clock:
    """The world's time. While it is frozen, nothing that needs time happens until `advance`."""

    def __init__(self, emulator: LiveEmulator, platform: Platform) -> None:
        self._emulator = emulator
        self._clock = platform.clock

    @property
    def now_ms(self) -> int:
        """Milliseconds since 1970 UTC."""
        return self._emulator.call(self._clock.now_ms)

    def freeze(self) -> None:
        """Freeze time until it is advanced, or runs again."""
        self._emulator.call(self._clock.freeze)

    @property
    def stands(self) -> bool:
        return self._emulator.call(lambda: self._clock.mode == "virtual")

    @property
    def due_in_seconds(self) -> float | None:
        """The seconds to advance until something is due; None if nothing is."""
        due_ms, now_ms = self._emulator.call(self._due)
        return None if due_ms is None else max(0, due_ms - now_ms) / 1000

    def describe(self) -> str:
        """A sentence with the time, whether it is frozen, and when something is due next."""
        if not self.stands:
            return "Time runs."
        due_ms, now_ms = self._emulator.call(self._due)
        stands = f"Time stands at {iso(now_ms)}"
        if due_ms is None:
            return f"{stands}, and nothing is due later: something else has to happen first."
        seconds = max(0, due_ms - now_ms) / 1000
        return f"{stands}; the next thing is due at {iso(due_ms)}: live_clock.advance({seconds:g})."

    def _due(self) -> tuple[int | None, int]:
        return self._clock.next_due_ms(), self._clock.now_ms()

    @waits
    def advance(self, seconds: float) -> None:
        """Let time pass at once. When this returns, everything that was due has happened."""
        self._emulator.wait(self._clock.pass_time(round(seconds * 1000)))

    advance_async = twin(advance)

    def settle(self) -> None:
        """Let everything happen that is due now, without letting time pass."""
        self._emulator.wait(self._clock.pass_time(0))

    def run(self, speed: float = 1.0) -> None:
        """Let time run again, `speed` times as fast as the machine's."""
        self._emulator.call(lambda: self._clock.run(speed))

    freeze_async = twin(freeze)
    run_async = twin(run)
    settle_async = twin(settle)


class Faults:
    """The world's injected faults. They end with the test's world."""

    def __init__(self, emulator: LiveEmulator, platform: Platform) -> None:
        self._emulator = emulator
        self._world = platform.world

    def start(
        self,
        /,
        kind: str,
        *,
        share: float | str | None = None,
        times: int | None = None,
        skip: int | None = None,
        seconds: float | None = None,
        **values: Any,
    ) -> str:
        """Inject a fault, such as `start("api.fail", path="/streams", status=503, times=1)`.

        It lets the first `skip` calls pass and strikes a `share` of the others, at most `times`
        times and for `seconds`. Returns the fault's id. Raises `Refused` for an invalid fault.
        """
        beside = {"share": share, "times": times, "skip": skip, "for": seconds}
        written = {kind: values, **{n: value for n, value in beside.items() if value is not None}}
        return self._emulator.call(lambda: self._world.faults.start(read(written)).id)

    def stop(self, fault_id: str) -> None:
        self._emulator.call(lambda: self._world.faults.stop(fault_id))

    def clear(self) -> None:
        self._emulator.call(self._world.faults.clear)

    @property
    def struck(self) -> list[str]:
        """The subjects that faults have struck so far, such as `GET /api/v1/streams/`."""
        store = self._world.store
        journalled = self._emulator.call(
            lambda: events.read(store, after=0, count=events.last_seq(store), kind="FaultStruck")
        )
        return [entry.values["subject"] for entry in journalled]

    start_async = twin(start)
    stop_async = twin(stop)
    clear_async = twin(clear)
