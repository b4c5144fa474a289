import pytest

from emulator.core.clock import ManualClock
from emulator.core.errors import Refused
from emulator.world.rate_limiter import RateLimiter


def test_rate_limiter_refuses_eleventh_call_of_a_minute_with_retry_time() -> None:
    clock = ManualClock()
    limits = RateLimiter(clock)
    for left in range(9, -1, -1):
        assert limits.take("create", "ada", 10).remaining == left
        clock.advance(1_000)

    with pytest.raises(Refused) as refused:
        limits.take("create", "ada", 10)

    assert refused.value.code == "rate_limited"
    # The refused call pushed the oldest out of the count: the second call leaves after 51 s.
    assert refused.value.details["retry_after_seconds"] == 51


def test_rate_limiter_leaves_other_callers_alone() -> None:
    limits = RateLimiter(ManualClock())
    limits.take("create", "ada", 1)

    assert limits.take("create", "bob", 1).remaining == 0
    assert limits.take("other", "ada", 1).remaining == 0


def test_rate_limiter_forgets_calls_after_a_minute() -> None:
    clock = ManualClock()
    limits = RateLimiter(clock)
    limits.take("create", "ada", 1)
    clock.advance(60_000)

    assert limits.take("create", "ada", 1).remaining == 0
