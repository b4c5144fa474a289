"""Many publishers in one small process: a clip's tags, each at its time, to many addresses.

    echo '{"clip": ..., "addresses": [[url, key], ...]}' | python -m benchmarks.contest.replay

It prints a line of JSON when all are accepted and sending (`starts`: when each one's first picture
is due, on the monotonic clock), and one when its input ends and it stops: the number of tags, how
late they were sent, its CPU seconds. Tags are sent at their own times, chunk by chunk, as OBS's
librtmp does: a server's cost is mostly the number of its wake-ups.
"""

import heapq
import json
import select
import sys
import time
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import quantiles

from benchmarks.contest import clip, publish
from emulator.media.ingest.tag import Tag
from emulator.media.ingest.wire import rtmp_chunks
from emulator.media.ingest.wire.rtmp_chunks import RtmpMessage

# OBS's chunk size; ffmpeg's is 60,000, which costs every server less.
_CHUNK_BYTES = 4_096
_HEADER_BYTES = 12
_STARTED_AFTER_SECONDS = 0.5
_LISTEN_EVERY_TAGS = 77
_LOOK_EVERY_SECONDS = 0.2
_KINDS = {"audio": (8, 4), "video": (9, 6), "script": (18, 5)}


@dataclass(frozen=True)
class Wire:
    """One tag in chunks; the first chunk lacks only its time stamp."""

    at_ms: int
    is_video: bool
    before: bytes
    after: bytes
    rest: tuple[bytes, ...]

    @classmethod
    def of(cls, tag: Tag) -> "Wire":
        type_id, chunk_stream_id = _KINDS[tag.kind]
        # Every measured server gives stream 1 to a connection's first createStream.
        message = RtmpMessage(type_id, 1, 0, tag.payload)
        octets = rtmp_chunks.write(chunk_stream_id, message, _CHUNK_BYTES)
        ends = [*range(_HEADER_BYTES + _CHUNK_BYTES, len(octets), 1 + _CHUNK_BYTES), len(octets)]
        rest = tuple(octets[start:end] for start, end in pairwise(ends))
        return cls(tag.timestamp_ms, tag.kind == "video", octets[:1], octets[4 : ends[0]], rest)

    def first(self, timestamp_ms: int) -> bytes:
        """The first chunk. Up to 4.6 hours, since extended time stamps are not supported here."""
        return self.before + timestamp_ms.to_bytes(3) + self.after


class Publisher:
    """One connection and its position in the clip."""

    def __init__(self, url: str, key: str, first: list[Wire], repeated: list[Wire]) -> None:
        self._socket = publish.connect(url)
        self._client = publish.publish(self._socket, url, key)
        # Without a time limit: with one, Python asks the system before each call whether it may
        # send.
        self._socket.settimeout(None)
        size = RtmpMessage(rtmp_chunks.SET_CHUNK_SIZE, 0, 0, _CHUNK_BYTES.to_bytes(4))
        self._socket.sendall(rtmp_chunks.write(2, size))
        for wire in first:
            self._socket.sendall(wire.first(0) + b"".join(wire.rest))
        self._wires = repeated
        self._position = 0
        self._timestamp_ms = repeated[0].at_ms
        self._lap_ms = 0
        self.start = 0.0

    @property
    def due(self) -> float:
        """The time of the next tag."""
        return self.start + self._timestamp_ms / 1000

    def send(self) -> None:
        """Send the next tag. Raises `OSError` where the server has closed."""
        wire = self._wires[self._position]
        self._socket.sendall(wire.first(self._timestamp_ms))
        for chunk in wire.rest:
            self._socket.sendall(chunk)
        self._position += 1
        if self._position == len(self._wires):
            self._position = 0
            self._lap_ms += clip.SECONDS * 1000
        self._timestamp_ms = self._lap_ms + self._wires[self._position].at_ms
        if self._position % _LISTEN_EVERY_TAGS == 0:
            self._listen()

    def close(self) -> None:
        self._socket.close()

    def _listen(self) -> None:
        """Answer pings."""
        if select.select([self._socket], [], [], 0)[0]:
            received = self._socket.recv(65_536)
            if not received:
                raise ConnectionResetError
            self._client.receive(received)
            if answer := self._client.to_send():
                self._socket.sendall(answer)


def main() -> None:
    asked = json.loads(sys.stdin.readline())
    first, repeated = ([Wire.of(tag) for tag in tags] for tags in clip.read(Path(asked["clip"])))
    publishers = [Publisher(url, key, first, repeated) for url, key in asked["addresses"]]
    begin = time.monotonic() + _STARTED_AFTER_SECONDS
    between = clip.KEY_FRAME_SECONDS / len(publishers)
    for number, publisher in enumerate(publishers):
        # The publishers' key frames are spread over their interval, as if they had started
        # independently.
        publisher.start = begin + number * between
    first_video_ms = next(wire.at_ms for wire in repeated if wire.is_video)
    _tell({"starts": [publisher.start + first_video_ms / 1000 for publisher in publishers]})
    lateness_ms, lost = _send(publishers)
    for opened in publishers:
        opened.close()
    centiles = quantiles(lateness_ms, n=100)
    _tell(
        {
            "tags": len(lateness_ms),
            "lost": lost,
            "late_ms_p50": centiles[49],
            "late_ms_p99": centiles[98],
            "late_ms_max": max(lateness_ms),
            "cpu_seconds": time.process_time(),
        }
    )


def _send(publishers: list[Publisher]) -> tuple[Sequence[float], int]:
    """Send until the input ends. Returns how late each tag was, and how many connections broke."""
    lateness_ms = array("f")
    lost = 0
    queue = [(publisher.due, number) for number, publisher in enumerate(publishers)]
    heapq.heapify(queue)
    look_at = 0.0
    while queue:
        due, number = queue[0]
        now = time.monotonic()
        if now < due:
            time.sleep(due - now)
            now = time.monotonic()
        if now >= look_at:
            look_at = now + _LOOK_EVERY_SECONDS
            if select.select([sys.stdin], [], [], 0)[0]:
                break
        lateness_ms.append((now - due) * 1000)
        publisher = publishers[number]
        try:
            publisher.send()
        except OSError:
            lost += 1
            heapq.heappop(queue)
        else:
            heapq.heapreplace(queue, (publisher.due, number))
    return lateness_ms, lost


def _tell(payload: object) -> None:
    print(json.dumps(payload), flush=True)


if __name__ == "__main__":
    main()
