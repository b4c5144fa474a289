from emulator.shapes.times import iso, iso_or_none
from tests.support.tables import table


@table(
    ("at_ms", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (1_767_225_600_000, "2026-01-01T00:00:00.000Z"),
        (1_767_225_600_007, "2026-01-01T00:00:00.007Z"),
        (1_767_225_660_999, "2026-01-01T00:01:00.999Z"),
    ],
)
def test_times_are_utc_with_milliseconds(at_ms: int, text: str) -> None:
    assert iso(at_ms) == iso_or_none(at_ms) == text


def test_times_missing_time_is_null() -> None:
    assert iso_or_none(None) is None
