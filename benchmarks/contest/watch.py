"""Measure lateness: the requests of a low latency player, and how late each part came.

A part can be listed at the earliest when the next picture has been sent, since only that one shows
where the part ends. So lateness = the playlist's arrival - (start + the media listed).
"""

import http.client
import re
import threading
import time
from collections.abc import Sequence
from urllib.parse import urlsplit

_ANSWER_SECONDS = 30
_SEQUENCE = re.compile(r"^#EXT-X-MEDIA-SEQUENCE:(\d+)$", re.MULTILINE)
_SEGMENT = re.compile(r"^#EXTINF:([\d.]+),", re.MULTILINE)
_PART = re.compile(r"^#EXT-X-PART:DURATION=([\d.]+),", re.MULTILINE)


def lateness_ms(playlists: Sequence[str], starts: Sequence[float], seconds: float) -> list[float]:
    """The delays of each playlist's new parts, for `seconds`. Raises a watcher's error."""
    latencies: list[float] = []
    failures: list[BaseException] = []
    until = time.monotonic() + seconds

    def watch(address: str, start: float) -> None:
        try:
            latencies.extend(_watch(address, start, until))
        except BaseException as error:  # Raised again below, in the caller's thread.
            failures.append(error)

    threads = [
        threading.Thread(target=watch, args=arguments)
        for arguments in zip(playlists, starts, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return latencies


def _watch(address: str, start: float, until: float) -> list[float]:
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.netloc, timeout=_ANSWER_SECONDS)
    latencies: list[float] = []
    query = "?wait=1"
    is_first = True
    try:
        while time.monotonic() < until:
            connection.request("GET", parts.path + query)
            answer = connection.getresponse()
            text = answer.read().decode()
            now = time.monotonic()
            if answer.status != 200:
                raise RuntimeError(f"{answer.status} for {query}: {text[:200]}")
            listed_seconds, msn, part = _edge(text)
            if not is_first:  # The first answer did not have to wait.
                latencies.append((now - start - listed_seconds) * 1000)
            is_first = False
            query = f"?_HLS_msn={msn}&_HLS_part={part}"
    finally:
        connection.close()
    return latencies


def _edge(text: str) -> tuple[float, int, int]:
    """The seconds of media listed, from the first segment on, and the numbers of the next part."""
    sequence = _SEQUENCE.search(text)
    segments = _SEGMENT.findall(text)
    open_parts = _PART.findall(text[text.rfind("#EXTINF") :] if segments else text)
    listed_seconds = sum(map(float, segments)) + sum(map(float, open_parts))
    return listed_seconds, int(sequence[1] if sequence else 0) + len(segments), len(open_parts)
