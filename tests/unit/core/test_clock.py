import pytest

from emulator.core.clock import ManualClock


def test_clock_runs_due_timers_in_order_at_their_own_instant() -> None:
    clock = ManualClock(now_ms=1_000)
    seen: list[tuple[str, int]] = []
    clock.call_at(3_000, lambda: seen.append(("late", clock.now_ms())))
    clock.call_at(2_000, lambda: seen.append(("early", clock.now_ms())))

    clock.advance(1_500)
    assert seen == [("early", 2_000)]
    clock.advance(500)

    assert seen == [("early", 2_000), ("late", 3_000)]
    assert clock.now_ms() == 3_000


def test_clock_cancelled_timer_does_nothing() -> None:
    clock = ManualClock()
    happened: list[int] = []
    clock.call_at(clock.now_ms() + 10, lambda: happened.append(1)).cancel()

    clock.advance(20)

    assert happened == []


def test_clock_runs_timers_that_fall_due_while_it_advances() -> None:
    clock = ManualClock(now_ms=0)
    seen: list[int] = []

    def again() -> None:
        clock.call_at(20, lambda: seen.append(clock.now_ms()))

    clock.call_at(10, again)

    clock.advance(100)

    assert seen == [20]


def test_clock_does_not_run_backwards() -> None:
    with pytest.raises(ValueError, match="cannot go back"):
        ManualClock().advance(-1)
