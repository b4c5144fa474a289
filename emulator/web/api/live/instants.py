"""Instants in requests: ISO 8601 times, in UTC if they name no zone."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator

# The years that `shapes/times` can write, in any zone.
_FIRST_YEAR, _LAST_YEAR = 1970, 9998


def _is_bounded(instant: datetime) -> datetime:
    if not _FIRST_YEAR < instant.year <= _LAST_YEAR:
        raise ValueError(
            f"the year of an instant must be after {_FIRST_YEAR} and at most {_LAST_YEAR}"
        )
    return instant


def _end_of_day(value: object) -> object:
    """Complete a day without a time by its last millisecond."""
    if isinstance(value, str) and len(value) == len("2026-01-01") and value[4:5] == "-":
        return f"{value}T23:59:59.999"
    return value


Instant = Annotated[datetime, AfterValidator(_is_bounded)]
InstantOrEndOfDay = Annotated[Instant, BeforeValidator(_end_of_day)]


def milliseconds(instant: datetime) -> int:
    """Return milliseconds since 1970."""
    aware = instant if instant.tzinfo else instant.replace(tzinfo=UTC)
    return round(aware.timestamp() * 1000)


def milliseconds_or_none(instant: datetime | None) -> int | None:
    return None if instant is None else milliseconds(instant)
