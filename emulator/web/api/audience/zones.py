"""Zones: days and hours in a time zone (IANA names such as `Europe/Berlin`)."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field

from emulator.world.audience import channel

_LENGTH_MAX = 64


@lru_cache(maxsize=1_000)
def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _known(name: str) -> str:
    # UTC needs no time zone database, which some machines do not have.
    if name != "UTC" and not _is_zone(name):
        raise ValueError(f"{name[:_LENGTH_MAX]!r} is not a time zone that this machine knows")
    return name


Zone = Annotated[str, Field(min_length=1, max_length=_LENGTH_MAX), AfterValidator(_known)]


def day_starts(zone: str, now_ms: int, count: int) -> list[int]:
    """Return the begins (ms) of the last `count` days, today last.

    A day may have 23 or 25 hours.
    """
    if zone == "UTC":
        return channel.utc_days(now_ms, count)
    place = ZoneInfo(zone)
    today = datetime.fromtimestamp(now_ms / 1000, place).date()
    dates = [today - timedelta(days=ago) for ago in range(count - 1, -1, -1)]
    return [
        round(datetime(date.year, date.month, date.day, tzinfo=place).timestamp() * 1000)
        for date in dates
    ]


def hour_of(zone: str) -> Callable[[int], tuple[int, int]]:
    """Return a function from a time (ms) to the weekday (0 is Monday) and the hour."""
    if zone == "UTC":
        return channel.utc_hour
    place = ZoneInfo(zone)

    def local(at_ms: int) -> tuple[int, int]:
        there = datetime.fromtimestamp(at_ms / 1000, place)
        return there.weekday(), there.hour

    return local


def date_of(zone: str, at_ms: int) -> str:
    """Write a time as the date in a zone: `2026-01-01`."""
    place = UTC if zone == "UTC" else ZoneInfo(zone)
    return f"{datetime.fromtimestamp(at_ms / 1000, place):%Y-%m-%d}"
