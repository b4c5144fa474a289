"""Days and hours in a time zone, also on the days of clock changes."""

from datetime import UTC, datetime
from itertools import pairwise

from emulator.web.api.audience.zones import date_of, day_starts, hour_of
from tests.support.tables import table

HOUR_MS = 3_600_000


def at(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


@table(
    ("zone", "now", "hours"),
    [
        # In spring the night has an hour less, in autumn one more; in UTC it has not.
        ("Europe/Berlin", "2026-03-30T12:00:00", [24, 23]),
        ("Europe/Berlin", "2026-10-26T12:00:00", [24, 25]),
        ("UTC", "2026-03-30T12:00:00", [24, 24]),
        ("Asia/Kathmandu", "2026-03-30T12:00:00", [24, 24]),
    ],
)
def test_time_zones_days_begin_at_local_midnight_for_any_length(
    zone: str, now: str, hours: list[int]
) -> None:
    starts = day_starts(zone, at(now), 3)

    days = pairwise(starts)
    assert [(two - one) / HOUR_MS for one, two in days] == hours
    assert [hour_of(zone)(start)[1] for start in starts] == [0, 0, 0]
    assert starts[-1] <= at(now) < starts[-1] + 25 * HOUR_MS
    # A quarter of an hour, the finest stored unit, divides them all.
    assert all(start % 900_000 == 0 for start in starts)


def test_time_zones_instant_has_local_date_and_hour() -> None:
    late = at("2026-01-04T23:45:00")

    assert hour_of("UTC")(late) == (6, 23)
    assert hour_of("Asia/Tokyo")(late) == (0, 8)
    assert (date_of("UTC", late), date_of("Asia/Tokyo", late)) == ("2026-01-04", "2026-01-05")
