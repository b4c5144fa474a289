"""Ledger: the writes that an emulator has answered, to compare with the state after a restart.

Writers note an answer when they get it, and a request when they send it: a request that was sent
but not answered may have had its effect or not, and both are right.
"""

import hashlib
import http.client
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin

import httpx

from emulator.testing import ApiResponse
from tests.support.live_server import Walk

GONE = (OSError, http.client.HTTPException, httpx.TransportError)
# The API says this of an uploaded video when the emulator has died three times during its job.
_POISONOUS = "stopped 3 times"


@dataclass
class Ledger:
    """The writes since the data folder was empty or reset. Several threads may write to it."""

    albums: set[str] = field(default_factory=set)
    lines: dict[str, str] = field(default_factory=dict)
    # Each stream's possible titles: the last one answered, and those sent since.
    titles: dict[str, list[str]] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)
    # Requests to delete that had no answer: the stream may be there or not.
    doubtful: set[str] = field(default_factory=set)
    uploads: set[str] = field(default_factory=set)
    clips: set[str] = field(default_factory=set)
    # The digests of segments that a playlist has listed, by stream and name.
    segments: dict[str, dict[str, str]] = field(default_factory=dict)
    # Digests of finished recordings with their segments, by the stream's id.
    recordings: dict[str, str] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def counts(self) -> dict[str, int]:
        return {
            "writes": len(self.albums)
            + len(self.lines)
            + len(self.titles)
            + len(self.deleted)
            + len(self.uploads)
            + len(self.clips),
            "segments": sum(len(names) for names in self.segments.values()),
            "recordings": len(self.recordings),
        }


@contextmanager
def until_gone() -> Iterator[None]:
    """Run a writer's work until its emulator is gone."""
    try:
        yield
    except GONE:
        return


def digest(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=12).hexdigest()


def whole_segments(playlist: str) -> list[str]:
    """The names of the complete segments in a media playlist."""
    lines = playlist.splitlines()
    return [line for line in lines if line.endswith(".m4s") and not line.startswith("#")]


def check(walk: Walk, ledger: Ledger, fault: Callable[[str], None]) -> None:
    """Compare every answered write with the emulator's state."""
    owned = belongings(walk)
    for kind, ids in (
        ("albums", ledger.albums),
        ("messages", set(ledger.lines)),
        ("videos", ledger.uploads),
        ("clips", ledger.clips),
    ):
        missing = ids - set(owned[kind])
        if missing:
            fault(f"{len(missing)} answered {kind} are gone, {sorted(missing)[0]} among them")
    streams = owned["streams"]
    for stream, titles in ledger.titles.items():
        if stream in streams and streams[stream]["title"] not in titles:
            fault(f"stream {stream} is {streams[stream]['title']}, answered was {titles}")
        elif stream not in streams and stream not in ledger.doubtful:
            fault(f"the answered stream {stream} is gone")
    for stream in ledger.deleted & set(streams):
        fault(f"the deleted stream {stream} is back")
    _check_segments(walk, ledger, fault)
    _check_recordings(walk, ledger, fault)


def belongings(walk: Walk) -> dict[str, dict[str, Any]]:
    """Everything that the user owns, by kind and id, from one request for their export."""
    export = walk.ask("GET", "/users/me/export").json
    return {
        kind: {row["id"]: row for row in rows if "id" in row}
        for kind, rows in export["belongings"].items()
    }


def _check_segments(walk: Walk, ledger: Ledger, fault: Callable[[str], None]) -> None:
    """Check segments of streams whose recording is not ready; a ready one is checked as a whole."""
    for stream, digests in ledger.segments.items():
        if stream in ledger.recordings:
            continue
        base = walk.ask("GET", f"/streams/id/{stream}").json["playback_url"]
        for name, before in digests.items():
            answer = walk.get(urljoin(base, name))
            if answer.status != 200 or digest(answer.body) != before:
                fault(f"segment {name} of stream {stream} was listed and is {answer.status} now")


def _check_recordings(walk: Walk, ledger: Ledger, fault: Callable[[str], None]) -> None:
    for stream, before in ledger.recordings.items():
        vod = vod_of(walk, stream)
        if vod is None or vod["status"] != "ready":
            fault(f"the recording of stream {stream} was ready and is not now")
        elif listed(walk, vod) != before:
            fault(f"the recording of stream {stream} has changed")


def vod_of(walk: Walk, stream: str) -> dict[str, Any] | None:
    """The recording of a stream, if it has one."""
    answer = walk.ask("GET", f"/streams/id/{stream}")
    vod = answer.json.get("vod_id") if answer.status == 200 else None
    if not vod:
        return None
    payload: dict[str, Any] = walk.ask("GET", f"/streams/vods/{vod}").json
    return payload


def listed(walk: Walk, vod: dict[str, Any]) -> str:
    """The digest of a recording's playlist and of all segments in it."""
    address = str(vod["video_url"]).replace("video.m3u8", "stream.m3u8")
    playlist = walk.get(address).text
    names = whole_segments(playlist)
    contents = [walk.get(urljoin(address, name)).body for name in names]
    return digest(playlist.encode() + b"".join(contents))


def unfinished(walk: Walk, ledger: Ledger) -> list[str]:
    """Jobs of answered requests that have not finished."""
    owned = belongings(walk)
    left = [f"upload {id}" for id in ledger.uploads if _is_open(owned["videos"][id])]
    left += [f"clip {id}" for id in ledger.clips if _is_open(owned["clips"][id])]
    for stream in ledger.segments:
        vod = vod_of(walk, stream)
        if vod is None or _is_open(vod):
            left.append(f"recording of {stream}")
    return left


def failed(walk: Walk, ledger: Ledger) -> list[str]:
    """Jobs that failed although the trial only killed the process.

    An upload during which the emulator died three times is given up, as its reference says.
    """
    owned = belongings(walk)
    wrong = [f"clip {id} failed" for id in ledger.clips if _has_failed(owned["clips"][id])]
    for video in ledger.uploads:
        if _has_failed(owned["videos"][video]) and not _is_poisonous(walk, video):
            wrong.append(f"upload {video} failed")
    for stream in ledger.segments:
        vod = vod_of(walk, stream)
        if vod is not None and _has_failed(vod):
            wrong.append(f"recording of {stream} failed")
    return wrong


def _is_open(row: dict[str, Any]) -> bool:
    return str(row["status"]) in ("processing", "queued")


def _has_failed(row: dict[str, Any]) -> bool:
    return str(row["status"]) == "failed"


def _is_poisonous(walk: Walk, video: str) -> bool:
    answer: ApiResponse = walk.ask("GET", f"/video/{video}/status")
    return _POISONOUS in json.dumps(answer.json)
