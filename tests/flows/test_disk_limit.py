"""The disk limit: requests that would need space are refused, and nothing is deleted for them."""

from pathlib import Path
from urllib.parse import urlsplit

import httpx

from emulator.server import Emulator
from emulator.settings import Settings
from tests.support.old_data import RELEASES, unpack
from tests.support.rest import Caller


async def test_disk_limit_refuses_new_media_and_deletes_nothing(tmp_path: Path) -> None:
    # Given a folder whose recording takes more than the limit,
    unpack(RELEASES[-1], tmp_path)
    data = str(tmp_path / "data")
    settings = Settings(data=data, port=0, rtmp_port=0, rtmps_port=0, disk_limit_bytes=1)
    async with Emulator(settings) as emulator:
        transport = httpx.ASGITransport(emulator.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            call = Caller(client, "/v1")
            owned = (await call("GET", "/users/me/export", "ak_demo")).json()["belongings"]
            stream, vod = owned["streams"][0]["id"], owned["vods"][0]["id"]
            # when a clip and an upload would add to it,
            body = {"title": "More", "start_time": 0, "end_time": 1}
            clip = await call("POST", f"/streams/{stream}/clips", "ak_demo", json=body)
            file = {"file": ("more.mp4", b"a film")}
            upload = await call("POST", "/videos/", "ak_demo", files=file, data={"title": "More"})
            # then they are refused, and the error says what to do,
            for answer in (clip, upload):
                assert answer.status_code == 503, answer.text
                assert "Delete some, or raise --disk-limit." in answer.json()["message"]
                assert int(answer.headers["retry-after"]) > 0
            # and the recording is there and plays.
            shown = (await call("GET", f"/streams/vods/{vod}", "ak_demo")).json()
            assert shown["status"] == "ready"
            played = await client.get(urlsplit(shown["video_url"]).path)
            assert played.status_code == 200
