"""Places: where in a request stands what the world calls invalid."""

from collections.abc import Iterator
from contextlib import contextmanager

from emulator.core.errors import Refused
from emulator.web.errors import Invalid, mistake


@contextmanager
def placed() -> Iterator[None]:
    """A refusal (`invalid`) that names a `field` of the body becomes an entry of the 422's list."""
    try:
        yield
    except Refused as refused:
        if refused.code != "invalid" or "field" not in refused.details:
            raise
        where = ("body", refused.details["field"])
        raise Invalid([mistake(where, "outside", refused.sentence)]) from refused
