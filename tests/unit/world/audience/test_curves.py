import contextlib
from typing import get_args

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from emulator.core.errors import Refused
from emulator.core.ids import Chance
from emulator.world.audience.curves import (
    Curve,
    Stay,
    arrived,
    binomial,
    coming,
    level,
    sample,
)
from tests.support.tables import table

MINUTE_MS = 60_000
shares = st.floats(0, 1)


@table(
    ("curve", "quarter", "half", "end"),
    [
        ("linear", 0.25, 0.5, 1),
        ("step", 0.5, 0.75, 1),
        ("surge", 0.578125, 0.875, 1),
        ("bell", 0.5, 1, 0),
        ("sawtooth", 0, 0, 1),
    ],
)
def test_curves_ramp_progress_at_each_point(
    curve: Curve, quarter: float, half: float, end: float
) -> None:
    levels = [level(curve, x) for x in (0.25, 0.5, 1)]

    assert levels == pytest.approx([quarter, half, end], abs=1e-9)


@given(st.sampled_from(get_args(Curve)), shares, shares)
def test_curves_ramp_is_complete_at_the_end_and_never_falls(
    curve: Curve, one: float, two: float
) -> None:
    early, late = sorted((one, two))

    assert 0 <= level(curve, one) <= 1
    assert arrived(curve, early) <= arrived(curve, late) + 1e-9
    assert arrived(curve, 1) == pytest.approx(1)


@given(st.sampled_from(get_args(Curve)), st.integers(0, 10**6), st.integers(1, 50), st.booleans())
def test_curves_arrivals_add_up_to_the_requested_count(
    curve: Curve, total: int, ticks: int, is_drawn: bool
) -> None:
    chance = Chance("arrivals", curve) if is_drawn else None
    before = 0
    for tick in range(1, ticks + 1):
        done, share = arrived(curve, (tick - 1) / ticks), arrived(curve, tick / ticks)
        if tick == ticks:
            share = 1.0
        come = coming(total, before, done, share, chance)
        assert come >= 0
        before += come

    assert before == total


@given(st.integers(0, 10**6), shares)
def test_curves_binomial_number_is_within_its_total(count: int, share: float) -> None:
    assert 0 <= binomial(Chance("b"), count, share) <= count


def test_curves_binomial_number_has_its_mean() -> None:
    chance = Chance("mean")
    for count, share in ((1_000, 0.002), (1_000, 0.4), (20, 0.9)):
        mean = sum(binomial(chance, count, share) for _ in range(4_000)) / 4_000
        assert mean == pytest.approx(count * share, rel=0.05)


@table(
    ("text", "mean_minutes"),
    [
        ("lognormal(8m, 1.0)", 8),
        ("normal(10m, 2m)", 10),
        ("uniform(2m, 1h)", 31),
        ("fixed(1h30m)", 90),
        ("45m", 45),
    ],
)
def test_curves_stay_has_its_written_mean(text: str, mean_minutes: float) -> None:
    assert Stay.parse(text).mean_ms == pytest.approx(mean_minutes * MINUTE_MS, rel=0.001)


@example(3, 0.9999999999999998)
@example(63, 0.9999999999999999)
@given(st.integers(0, 5_000), st.floats(0, 1, exclude_max=True))
def test_curves_stay_lengths_lose_no_viewer(count: int, at: float) -> None:
    for bins in (1, 7, 64):
        samples = sample(bins, count, at)
        assert sum(some for _, some in samples) == count
        assert all(some > 0 for _, some in samples)
        assert all(0 <= number < bins for number, _ in samples)


@table(
    "text",
    [
        "",
        "forever",
        "fixed(0s)",
        "fixed(-5m)",
        "fixed(400d)",
        "uniform(2h, 1h)",
        "lognormal(8m)",
        "lognormal(8m, 99)",
        "lognormal(8m, nan)",
        "normal(5m, 3)",
        "poisson(8m)",
        "fixed(5m, 6m)",
    ],
)
def test_curves_invalid_stay_is_refused(text: str) -> None:
    with pytest.raises(Refused) as refused:
        Stay.parse(text)

    assert refused.value.code == "invalid"


@given(st.text(max_size=60))
def test_curves_any_text_is_a_stay_or_refused(text: str) -> None:
    with contextlib.suppress(Refused):
        Stay.parse(text)
