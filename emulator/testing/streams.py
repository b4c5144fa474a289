"""Stream, Publisher and Viewers: one stream, its publisher, its viewers."""

import os
import subprocess
import sys
from functools import cached_property
from typing import TYPE_CHECKING, Any

from emulator.testing.rooms import Chat
from emulator.testing.twins import twin, waits, warn_in_loop
from emulator.world.audience import cohorts
from emulator.world.live import streams, synthetic

if TYPE_CHECKING:
    from emulator.testing.own_world import OwnWorld

_GOODBYE_SECONDS = 10


class Stream:
    """A stream. `made` is the API's answer to its creation; `now()` asks the API again."""

    def __init__(self, world: "OwnWorld", values: dict[str, Any], owner: str) -> None:
        self.world = world
        self.values = values
        self.owner = owner
        self.id: str = values["id"]
        self.key: str = values["stream_key"]
        self.uid: str = values["cloudflare_stream_id"]
        self.playback_url: str = values["playback_url"]

    @property
    def rtmp_address(self) -> str:
        """The RTMP URL with the key in it, as ffmpeg needs it."""
        return f"{self.world.emulator.rtmp_url}/{self.key}"

    @property
    def rtmps_address(self) -> str:
        return f"{self.world.emulator.rtmps_url}/{self.key}"

    def now(self) -> dict[str, Any]:
        answer = self.world.set_up("GET", f"/streams/id/{self.id}", user=self.owner)
        assert answer.status == 200, answer.text
        values: dict[str, Any] = answer.json
        return values

    @property
    def status(self) -> str:
        return self.world.call(lambda facts: streams.find(facts, self.id).status)

    @waits
    def until(self, status: str, *, patience_seconds: float | None = None) -> dict[str, Any]:
        """Wait until the stream is `live` or `ended`, and return it as the API shows it.

        Waits 30 s, or `patience_seconds`. While time is frozen and `patience_seconds` is not given,
        it fails at once and says how far to advance, since nothing would happen by itself.
        """
        self._until(status, patience_seconds)
        return self.now()

    def _until(self, status: str, patience_seconds: float | None) -> None:
        self.world.until_due(
            lambda: self.status == status, f"the stream is {status}", patience_seconds
        )

    def end(self) -> None:
        """End the stream, as its owner does."""
        self.world.call(lambda facts: streams.end(facts, streams.find(facts, self.id)))

    @waits
    def vod(self, *, patience_seconds: float | None = None) -> dict[str, Any]:
        """Wait until the stream's recording is ready, as `until` does, and return it."""
        self._until("ended", patience_seconds)
        vod_id = self.now()["vod_id"]
        assert vod_id, "the stream had no picture, so it has left no VOD"

        def look() -> dict[str, Any] | None:
            values: dict[str, Any] = self.world.set_up(
                "GET", f"/streams/vods/{vod_id}", user=self.owner
            ).json
            assert values["status"] != "failed", "the VOD has failed"
            return values if values["status"] == "ready" else None

        return self.world.until_due(look, "the VOD is ready", patience_seconds)

    now_async = twin(now)
    end_async = twin(end)
    until_async = twin(until)
    vod_async = twin(vod)

    @cached_property
    def publisher(self) -> "Publisher":
        """The stream's publisher, which sends nothing until it is started."""
        publisher = Publisher(self)
        self.world.when_dropped.append(publisher.close)
        return publisher

    @cached_property
    def viewers(self) -> "Viewers":
        """The stream's simulated viewers."""
        return Viewers(self)

    @cached_property
    def chat(self) -> Chat:
        """The stream's chat."""
        return Chat(self.world, self.id, self.owner)


class Publisher:
    """Sends a test picture: simulated, or as a `real` publisher over RTMP.

    With a simulated one the stream is live at once, plays, and leaves a VOD, on any clock.
    """

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *, real: bool = False, size: str = "320x180") -> Stream:
        """Go live. A `real` publisher is a process that sends RTMP by the machine's clock."""
        if real:
            warn_in_loop("start")
            self._push(size)
            self._stream.world.until(lambda: self._stream.status == "live", "the stream is live")
        else:
            self._do(synthetic.start)
        return self._stream

    start_async = twin(start)

    def stop(self) -> None:
        """Stop sending. The stream ends when its reconnect window is over."""
        if self._process is not None:
            self.close()
        else:
            self._do(synthetic.stop)

    def drop(self, back_after_seconds: float) -> None:
        """Lose the connection, and come back after some seconds by the world's clock."""
        assert self._process is None, "a real publisher is dropped with the fault ingest.cut"
        after_ms = round(back_after_seconds * 1000)
        self._do(lambda facts, stream: synthetic.drop(facts, stream, after_ms))

    stop_async = twin(stop)
    drop_async = twin(drop)

    def close(self) -> None:
        """End a real publisher's process, if there is one."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            process.wait(_GOODBYE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _do(self, verb: Any) -> None:
        self._stream.world.call(lambda facts: verb(facts, streams.find(facts, self._stream.id)))

    def _push(self, size: str) -> None:
        assert self._process is None, "it publishes already"
        address = str(self._stream.world.emulator.local["rtmp"])
        # The key is sent where no list of processes shows it. The publisher ends with the pipe.
        command = [sys.executable, "-m", "emulator", "publish", "--url", address, "--size", size]
        self._process = subprocess.Popen(
            [*command, "--until-stdin-ends", self._stream.key],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=dict(os.environ),
        )


class Viewers:
    """A stream's simulated viewers. The stream must be live."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    @property
    def count(self) -> int:
        """The number of viewers now, with the real ones."""
        stream_id = self._stream.id
        return self._stream.world.call(lambda facts: facts.viewers.count(stream_id))

    def set(self, count: int) -> None:
        """Set the number of viewers."""
        self._order(lambda facts, stream: cohorts.reach(facts, stream, count))

    def add(self, count: int, *, over_seconds: float = 0) -> None:
        """Add viewers, at once or spread over some seconds."""
        for_ms = round(over_seconds * 1000)
        self._order(lambda facts, stream: cohorts.add(facts, stream, count, for_ms=for_ms))

    def ramp(self, to: int, *, over_seconds: float) -> None:
        """Change the number of viewers to `to`, evenly over some seconds of the world's clock."""
        for_ms = round(over_seconds * 1000)
        self._order(lambda facts, stream: cohorts.ramp(facts, stream, to, for_ms=for_ms))

    set_async = twin(set)
    add_async = twin(add)
    ramp_async = twin(ramp)

    def _order(self, verb: Any) -> None:
        self._stream.world.call(lambda facts: verb(facts, streams.find(facts, self._stream.id)))
