from emulator.core.clock import ManualClock
from emulator.world.audience.viewers import Viewers


def test_viewers_session_counts_once_until_fifteen_seconds_of_silence() -> None:
    clock = ManualClock()
    viewers = Viewers(clock, gone_ms=15_000)
    viewers.see("s", "one")
    clock.advance(10_000)
    viewers.see("s", "two")
    viewers.see("s", "two")
    assert viewers.count("s") == 2

    clock.advance(5_000)

    assert viewers.count("s") == 1
    assert viewers.count("another") == 0


def test_viewers_session_that_ends_explicitly_is_gone_at_once() -> None:
    viewers = Viewers(ManualClock(), gone_ms=15_000)
    viewers.see("s", "one")

    viewers.leave("s", "one")
    viewers.leave("s", "never here")

    assert viewers.count("s") == 0
