"""Bug: a player that stops reloading its playlist at a discontinuity."""

import http.client
import re
import time

from tests.support.planted import app

PLAYED_SECONDS = 8.0
PATIENCE_SECONDS = 40

stream = app.stream()
place = f"/{stream['cloudflare_stream_id']}/manifest/stream.m3u8"


def publish() -> None:
    app.facts(f"streams/{stream['id']}/publish", "POST", {"protocol": "synthetic"})


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


publish()
durations: dict[str, float] = {}
is_stuck = False
deadline = time.monotonic() + PATIENCE_SECONDS
while not is_stuck and sum(durations.values()) < PLAYED_SECONDS and time.monotonic() < deadline:
    text = playlist()
    durations |= {
        name: float(length)
        for length, name in re.findall(r"#EXTINF:([\d.]+),[^\n]*\n(?:#[^\n]*\n)*(\S+)", text)
    }
    is_stuck = "#EXT-X-DISCONTINUITY\n" in text
    # The encoder beside it: it connects again when it was cut off.
    if not app.facts(f"streams/{stream['id']}")["is_publishing"]:
        publish()
    time.sleep(0.1)
app.check(sum(durations.values()) >= PLAYED_SECONDS, "it has played long enough")
