"""RTMP addresses: finds the stream key, which encoders put in different places.

The parts found here may be a key in the wrong place, so none of them may go to a log line.
"""

from typing import NamedTuple
from urllib.parse import urlsplit


class StreamAddress(NamedTuple):
    """The parts of an address. `key` is empty if there is none.

    `query` is the text after a `?` in the stream's name, not decoded.
    """

    app: str
    key: str
    query: str


def locate(app: str, tc_url: str, name: str = "") -> StreamAddress:
    """Normalise the addresses in `connect` (`app`, `tcUrl`) and `publish` (`name`).

    All these are understood as application `live` and key `KEY`: app `live` and name `KEY`; app
    `live/KEY` and no name; app `live/anything` and name `KEY` (an application's instance); no app
    and name `live/KEY`; any of them without an app, or without a name, if a path `/live/KEY` in
    `tcUrl` has it; and each of these with a query or a stray slash at its end.
    """
    app_path, _, _ = app.partition("?")
    name_path, _, query = name.partition("?")
    steps = _steps(app_path) + _steps(name_path)
    if len(steps) < 2:
        steps_in_url = _steps(_path_of(tc_url))
        # The name has a key without an app, or an app without a key: `tcUrl` may have the other
        # one.
        if not steps or (len(steps_in_url) > 1 and steps_in_url[0] == steps[0]):
            steps = steps_in_url
        elif not _steps(app_path) and steps_in_url:
            steps = [steps_in_url[0], *steps]
    if not steps:
        return StreamAddress("", "", query)
    return StreamAddress(steps[0], steps[-1] if len(steps) > 1 else "", query)


def _steps(path: str) -> list[str]:
    return [step for step in path.strip().split("/") if step]


def _path_of(tc_url: str) -> str:
    try:
        return urlsplit(tc_url).path
    except ValueError:  # For example a broken IPv6 address; `tcUrl` is only a hint.
        return ""
