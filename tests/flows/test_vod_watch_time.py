"""The watched time of a recording, from the segments that players fetch."""

import httpx
import pytest

from tests.support.rest import Caller, check_error


@pytest.fixture
async def vod(call: Caller) -> dict[str, str]:
    """A recording of the seed."""
    values: dict[str, str] = (await call("GET", "/streams/vods?per_page=1")).json()["items"][0]
    return values


async def test_vod_watching_time_is_that_of_the_requested_segments(
    client: httpx.AsyncClient, call: Caller, vod: dict[str, str]
) -> None:
    views = f"/_emulator/vods/{vod['id']}/views"
    media = f"/{vod['cloudflare_video_id']}/media"
    before = (await client.get(views)).json()

    # Given a viewer who reads its details, and fetches two segments of two seconds,
    await call("GET", f"/streams/vods/{vod['id']}")
    for name in ("init-0.mp4", "seg-0.m4s", "seg-1.m4s"):
        assert (await client.get(f"{media}/{name}")).status_code == 200
    # one of them again in two ranges (a HEAD request does not count),
    for piece in ("bytes=0-99", "bytes=100-"):
        answer = await client.get(f"{media}/seg-1.m4s", headers={"Range": piece})
        assert answer.status_code == 206
    await client.head(f"{media}/seg-0.m4s")
    assert (await client.get(f"{media}/seg-999999.m4s")).status_code == 404

    # then that is one view, and six seconds.
    payload = (await client.get(views)).json()
    assert payload["views"] - before["views"] == 1
    assert payload["watch_seconds"] - before["watch_seconds"] == pytest.approx(6)
    assert payload["average_watch_seconds"] == pytest.approx(
        payload["watch_seconds"] / payload["views"], abs=0.001
    )
    check_error(await client.get("/_emulator/vods/nowhere/views"), 404)
