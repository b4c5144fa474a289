"""Places: seconds in bodies, and the place in a request of the world's refusals."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from pydantic import Field

from emulator.core.errors import Refused
from emulator.web.errors import Invalid, error_detail

# Ten days: longer than any stream.
SECONDS_MAX = 864_000
Seconds = Annotated[float, Field(ge=0, le=SECONDS_MAX, allow_inf_nan=False)]


@contextmanager
def placed() -> Iterator[None]:
    """Turn a refusal (`invalid`) with a `field` of the body into an entry of the 422's list."""
    try:
        yield
    except Refused as refused:
        if refused.code != "invalid" or "field" not in refused.details:
            raise
        where = ("body", refused.details["field"])
        raise Invalid([error_detail(where, "outside", refused.message)]) from refused
