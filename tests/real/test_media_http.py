"""HTTP of a real recording: conditional requests, ranges, and files lost from the disk."""

import gzip
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx
import pytest

from tests.support.encoders import address_of, film, pushing
from tests.support.live_server import Walk, platform


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("media-http")


@pytest.fixture(scope="module")
def walk(data: Path) -> Iterator[Walk]:
    with platform(data=str(data)) as walk:
        yield walk


@pytest.fixture(scope="module")
def recorded(walk: Walk) -> dict[str, Any]:
    """A stream that has ended, and its VOD."""
    stream = walk.create()
    with pushing(address_of(stream), film(seconds=4), is_endless=False) as push:
        assert push.said() == ""
    assert walk.end(stream).status == 200
    walk.until_vod(stream)
    return stream


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with httpx.Client(timeout=30, headers={"Accept-Encoding": "identity"}) as client:
        yield client


def test_media_http_playlist_is_revalidated_in_each_encoding(
    recorded: dict[str, Any], client: httpx.Client
) -> None:
    address = urljoin(recorded["playback_url"], "stream.m3u8")
    plain = client.get(address)
    with client.stream("GET", address, headers={"Accept-Encoding": "gzip"}) as zipped:
        assert gzip.decompress(b"".join(zipped.iter_raw())) == plain.content

    assert plain.headers["ETag"] != zipped.headers["ETag"]
    for headers in (
        {"If-None-Match": f'"x", W/{plain.headers["ETag"]}'},
        {"If-None-Match": "*"},
        {"If-None-Match": zipped.headers["ETag"], "Accept-Encoding": "gzip"},
    ):
        answer = client.get(address, headers=headers)
        assert (answer.status_code, answer.content) == (304, b"")
    assert client.get(address, headers={"If-None-Match": '"x"'}).status_code == 200
    refused = client.get(address, headers={"Accept-Encoding": "gzip;q=0"})
    assert "Content-Encoding" not in refused.headers


@pytest.mark.parametrize("path", ["media/init-0.mp4", "media/seg-0.m4s", "downloads/default.mp4"])
def test_media_http_media_is_sent_whole_in_ranges_and_not_again(
    recorded: dict[str, Any], client: httpx.Client, path: str
) -> None:
    address = urljoin(recorded["playback_url"], f"../{path}")
    whole = client.get(address)
    tag, length = whole.headers["ETag"], len(whole.content)

    def asked(**headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return client.get(address, headers=named)

    head = client.head(address)
    ignored = {"date", "x-trace-id"}
    assert {k: v for k, v in head.headers.items() if k not in ignored} == {
        k: v for k, v in whole.headers.items() if k not in ignored
    }
    assert asked(If_None_Match=tag).status_code == 304
    part = asked(Range="bytes=-9", If_Range=tag)
    assert (part.status_code, part.content) == (206, whole.content[-9:])
    assert part.headers["Content-Range"] == f"bytes {length - 9}-{length - 1}/{length}"
    several = asked(Range="bytes=0-0,5-9")
    assert several.status_code == 206
    assert several.headers["Content-Type"].startswith("multipart/byteranges")
    assert whole.content[5:10] in several.content
    for headers in ({"Range": "bytes=0-9", "If-Range": '"zz"'}, {"Range": "items=0-9"}):
        answer = client.get(address, headers=headers)
        assert (answer.status_code, answer.content) == (200, whole.content)
    beyond = asked(Range=f"bytes={length}-")
    assert (beyond.status_code, beyond.headers["Content-Range"]) == (416, f"bytes */{length}")


def test_media_http_part_and_its_segment_keep_their_tags_from_memory_to_disk(walk: Walk) -> None:
    stream = walk.create()
    with pushing(address_of(stream)):
        walk.until_parts(stream, 8)
        fresh = walk.get(urljoin(stream["playback_url"], "../media/seg-0.m4s")).headers["ETag"]
        assert walk.get(urljoin(stream["playback_url"], "../media/part-0.m4s")).headers["ETag"]
    assert walk.end(stream).status == 200
    walk.until_vod(stream)

    stored = walk.get(urljoin(stream["playback_url"], "../media/seg-0.m4s")).headers["ETag"]
    assert stored == fresh


@pytest.mark.parametrize("loss", ["removed", "cut short"])
def test_media_http_media_lost_from_the_disk_is_404_with_one_warning(
    walk: Walk, data: Path, caplog: pytest.LogCaptureFixture, loss: str
) -> None:
    # Given a recording with a lost segment,
    stream = walk.create()
    with pushing(address_of(stream), film(seconds=2), is_endless=False) as push:
        assert push.said() == ""
    assert walk.end(stream).status == 200
    walk.until_vod(stream)
    [path] = data.rglob(f"{stream['cloudflare_stream_id']}/seg-0.m4s")
    if loss == "removed":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:1000])
    # when it is requested, in whichever way,
    for name in ("media/seg-0.m4s", "downloads/default.mp4", "thumbnails/thumbnail.jpg?time=0s"):
        caplog.clear()
        with caplog.at_level(logging.WARNING):
            answer = walk.get(urljoin(stream["playback_url"], f"../{name}"))
        # then the answer is 404, and the log names the missing file once.
        assert (answer.status, answer.json["status"]) == (404, 404)
        assert "missing" in answer.json["detail"]
        assert [record.getMessage() for record in caplog.records if "emulator" in record.name] == [
            caplog.records[0].getMessage()
        ]
        assert str(path) in caplog.records[0].getMessage()
