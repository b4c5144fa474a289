"""Who takes part in a scenario over real connections, as others see them."""

import json
import subprocess
import sys
from itertools import groupby, pairwise
from pathlib import Path

from emulator.media.publisher.test_card.strip import read_strip
from tests.support.publisher import beeps, pictures
from tests.support.walk import PATIENCE_SECONDS, platform

WORSE = """
scenario: Worse
world:
  streams: [{{name: s, existing: {stream}}}]
timeline:
  - publish.start: {{stream: s, size: 320x180, bitrate: 300k, protocol: rtmp, keyframes: 500ms}}
  - wait: 1200ms
  - publish.degrade: {{stream: s, freeze: true, silence: true, bitrate: 100k}}
    for: 2100ms
  - wait: 1200ms
  - publish.stop: s
  - expect: {{stream.s.status: ended}}
    within: 10s
expect:
  # It was all one connection.
  events.publisher.joined: 1
  events.publisher.left: 1
"""


def test_a_degraded_picture_stands_without_sound_and_goes_on_afterwards(tmp_path: Path) -> None:
    path = tmp_path / "worse.yaml"
    with platform() as walk:
        stream = walk.create()
        path.write_text(WORSE.format(stream=stream["id"]), "utf-8")

        done = subprocess.run(
            [
                *(sys.executable, "-m", "emulator", "scenario", "run", str(path), "--json"),
                *("--speed", "real", "--against", walk.ready["http"]),
            ],
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert json.loads(done.stdout.splitlines()[-1])["clock"] == "real"
        media = walk.get(walk.until_vod(stream)["mp4_url"]).body

    # What a viewer sees: the strip at the bottom tells when each frame was drawn.
    seen = [(each.at, read_strip(each.frame)) for each in pictures(media)]
    longest = max((list(frames) for _, frames in groupby(seen, key=lambda each: each[1])), key=len)
    stood_from, stood_until = float(longest[0][0]), float(longest[-1][0])
    assert stood_until - stood_from > 1.8
    assert float(seen[-1][0]) - stood_until > 0.5, "it goes on"
    # and hears: one beep a second, but for a while none.
    heard = beeps(media)
    gap_from, gap_until = max(pairwise(heard), key=lambda pair: pair[1] - pair[0])
    assert gap_until - gap_from >= 2.9
    assert float(gap_from) < stood_until
    assert float(gap_until) > stood_from
