"""Bug: a player that stops reloading its playlist at a discontinuity."""

import http.client
import re
import time
from contextlib import suppress

from tests.support.planted import app

PLAYED_SECONDS = 8.0
PATIENCE_SECONDS = 40

stream = app.stream()
place = f"/{stream['cloudflare_stream_id']}/manifest/stream.m3u8"


def encode() -> bool:
    """Publish as an encoder would: where it was refused or cut off, it connects again.

    Returns whether media will come: nobody publishes to a stream that has ended.
    """
    now = app.facts(f"streams/{stream['id']}")
    if now["is_publishing"] or now["status"] == "ended":
        return bool(now["is_publishing"])
    with suppress(app.Failed):
        app.facts(f"streams/{stream['id']}/publish", "POST", {"protocol": "synthetic"})
    return True


def playlist() -> str:
    connection = http.client.HTTPConnection(app.HOST, timeout=15)
    try:
        connection.request("GET", place)
        answer = connection.getresponse()
        text = answer.read().decode()
        return text if answer.status == 200 else ""
    except (OSError, http.client.HTTPException):
        return ""
    finally:
        connection.close()


durations: dict[str, float] = {}
is_stuck, is_over = False, False
deadline = time.monotonic() + PATIENCE_SECONDS
while not is_stuck and not is_over and time.monotonic() < deadline:
    is_over = not encode() or sum(durations.values()) >= PLAYED_SECONDS
    text = playlist()
    durations |= {
        name: float(length)
        for length, name in re.findall(r"#EXTINF:([\d.]+),[^\n]*\n(?:#[^\n]*\n)*(\S+)", text)
    }
    is_stuck = "#EXT-X-DISCONTINUITY\n" in text
    time.sleep(0.1)
app.check(is_over, "it has played for long enough, or to the stream's end")
