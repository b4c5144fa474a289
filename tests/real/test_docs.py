"""The commands of the how-to pages, run as by a reader, with values for their placeholders."""

import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from imageio_ffmpeg import get_ffmpeg_exe

from emulator import server
from emulator.settings import Settings
from emulator.world.auth import totp
from tests.support.docs import PROJECT, commands
from tests.support.films import encoded
from tests.support.live_server import Walk, until
from tests.support.required_programs import lacking
from tests.support.webrtc import has_whip

PATIENCE_SECONDS = 120
README = PROJECT / "README.md"
FFMPEG_PAGE = PROJECT / "docs/how-to/ffmpeg.md"
CHAT_PAGE = PROJECT / "docs/how-to/chat.md"
WEBHOOK_PAGE = PROJECT / "docs/how-to/webhooks.md"
OBS_PAGE = PROJECT / "docs/how-to/obs.md"
AUDIENCE_PAGE = PROJECT / "docs/how-to/audience.md"
WEBRTC_PAGE = PROJECT / "docs/how-to/webrtc.md"
RECORDINGS_PAGE = PROJECT / "docs/how-to/recordings.md"
ACCOUNTS_PAGE = PROJECT / "docs/how-to/accounts.md"
REAL_CLIENT_PAGE = PROJECT / "docs/how-to/real-client.md"
LOGS_PAGE = PROJECT / "docs/how-to/logs.md"
CLOCK_PAGE = PROJECT / "docs/how-to/clock.md"
TALK = "-f lavfi -i testsrc2=size=320x180:rate=30 -f lavfi -i sine -t 4 -g 60 -c:a aac"


@dataclass
class Reader:
    """A reader of a page. `names` are the values for the page's placeholders."""

    walk: Walk
    folder: Path
    names: dict[str, str]

    def environment(self) -> dict[str, str]:
        ready = self.walk.ready
        programs = os.pathsep.join((str(self.folder / "bin"), os.environ["PATH"]))
        named = {"BASE": ready["http"], "API_KEY": ready["api_key"]}
        return {**os.environ, "PATH": programs, "LIVE_EMULATOR_URL": ready["http"], **named}

    def adapt(self, line: str) -> str:
        for shown, real in self.names.items():
            line = line.replace(shown, real)
        return line

    def start(self, line: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            ["bash", "-c", f"exec {self.adapt(line)}"],
            cwd=self.folder,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, line: str) -> str:
        process = self.start(line)
        output, complaint = process.communicate(timeout=PATIENCE_SECONDS)
        assert process.returncode == 0, f"{line}\n{complaint}"
        return output

    def record_talk(self) -> None:
        """Record the `talk.mp4` of a page."""
        command = [get_ffmpeg_exe(), "-loglevel", "error", *TALK.split(), "-c:v", "libx264"]
        shutil.copy(encoded(command, "mp4"), self.folder / "talk.mp4")

    def make_stream(self, line: str) -> dict[str, Any]:
        """Run the page's `curl`, and take the values from its answer that the page names."""
        values: dict[str, Any] = json.loads(self.run(line))
        self.names |= {
            "STREAM_KEY": values["stream_key"],
            "STREAM_ID": values["id"],
            "UID": values["cloudflare_stream_id"],
        }
        return values

    def status_of(self, stream: dict[str, Any]) -> str:
        return str(self.walk.ask("GET", f"/streams/id/{stream['id']}").json["status"])


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    """A reader on a machine with ffmpeg and live-emulator, and a server on free ports."""
    settings = Settings(
        data=str(tmp_path / "data"), port=0, rtmp_port=0, rtmps_port=0, reconnect_window_ms=100
    )
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "ffmpeg").symlink_to(get_ffmpeg_exe())
    own = f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m emulator "$@"\n'
    (programs / "live-emulator").write_text(own)
    (programs / "live-emulator").chmod(0o755)
    with server.running(settings) as emulator:
        ready = emulator.ready
        names = {
            "http://127.0.0.1:8787": ready["http"],
            "rtmp://127.0.0.1:1935": ready["rtmp"].removesuffix("/live"),
            "rtmps://127.0.0.1:1936": ready["rtmps"].removesuffix("/live"),
            "~/.cache/live-emulator/ca.pem": ready["ca"],
        }
        yield Reader(Walk(ready), tmp_path, names)


def line_with(page: Path, *words: str) -> str:
    """The one command of a page that contains all of `words`."""
    names = [shown.line for shown in commands(page) if all(word in shown.line for word in words)]
    assert names, f"{page.name} shows no command with {words}"
    return names[0]


@pytest.mark.usefixtures("curl")
def test_docs_quick_start_works_as_pasted(reader: Reader) -> None:
    # Given the readme's call that creates a stream,
    stream = reader.make_stream(line_with(README, "curl -X POST"))
    assert stream["title"] == "My First Stream"
    # with exactly the body that the platform documents,
    assert stream["description"] == "Live coding session"
    assert '"category_id": "..."' in line_with(README, "curl -X POST")

    # when its ffmpeg command publishes to it, then it is live, and ends when the command stops.
    push = reader.start(line_with(README, "ffmpeg -re"))
    until(lambda: reader.status_of(stream) == "live", "the stream to be live")
    push.terminate()
    push.communicate(timeout=PATIENCE_SECONDS)
    until(lambda: reader.status_of(stream) == "ended", "the stream to end")


@pytest.mark.usefixtures("curl")
def test_docs_real_client_page_maps_the_platform_host_here(tmp_path: Path) -> None:
    settings = Settings(
        data=str(tmp_path), port=0, rtmp_port=0, rtmps_port=0, tls=True, tls_names="platform"
    )
    with server.running(settings) as emulator:
        ready = emulator.ready
        names = {"CA_FILE": ready["ca"], "127.0.0.1:8787": ready["http"].partition("//")[2]}
        reader = Reader(Walk(ready), tmp_path, names)
        result = json.loads(reader.run(line_with(REAL_CLIENT_PAGE, "--connect-to")))
    assert result["total"] > 0


@pytest.mark.usefixtures("curl")
@pytest.mark.parametrize("what", ["-c copy -f flv rtmp:", "-ca_file", "libx265"])
def test_docs_ffmpeg_page_goes_live(reader: Reader, what: str) -> None:
    reader.record_talk()
    stream = reader.make_stream(line_with(FFMPEG_PAGE, "curl -X POST"))

    push = reader.start(line_with(FFMPEG_PAGE, "ffmpeg -re", what))
    _, said = push.communicate(timeout=PATIENCE_SECONDS)

    assert push.returncode == 0, said
    until(lambda: reader.status_of(stream) == "ended", "the stream to end")
    assert reader.walk.ask("GET", f"/streams/id/{stream['id']}").json["started_at"]


@pytest.mark.usefixtures("curl")
def test_docs_obs_page_works(reader: Reader) -> None:
    stream = reader.make_stream(line_with(OBS_PAGE, "curl -X POST"))
    at = f"--server {reader.walk.ready['http']}"

    reader.run(f"{line_with(OBS_PAGE, 'obs-profile')} {at}")
    service = json.loads((reader.folder / "my-profile/service.json").read_text())
    assert service["settings"]["key"] == stream["stream_key"]

    watch = reader.start(f"{line_with(OBS_PAGE, 'live-emulator watch')} {at}")
    assert watch.stdout is not None
    assert watch.stdout.readline().strip() == "From OBS"
    reader.walk.ask("POST", f"/streams/id/{stream['id']}/end")
    shown = watch.stdout.read()
    watch.communicate(timeout=PATIENCE_SECONDS)
    assert watch.returncode == 0
    assert f"/{stream['cloudflare_stream_id']}/watch" in shown


@pytest.mark.usefixtures("curl")
def test_docs_audience_page_works(reader: Reader) -> None:
    stream = reader.make_stream(line_with(README, "curl -X POST"))
    reader.walk.ask("POST", f"/streams/id/{stream['id']}/start")
    lines = [shown.line for shown in commands(AUDIENCE_PAGE)]
    at = f" --server {reader.walk.ready['http']}"

    said = [
        reader.run(line + at if line.startswith("live-emulator") else f"{line} -s --fail")
        for line in lines
    ]

    assert json.loads(said[0])["simulated"] == 120
    assert [plan["verb"] for plan in json.loads(said[3])["plans"]] == ["ramp", "add"]
    # Of the thousand viewers that stay to the end, all are there four hours later.
    ordered = reader.walk.get(f"{reader.walk.ready['admin']}/streams/{stream['id']}/viewers")
    assert ordered.json["simulated"] == 1_120


@pytest.mark.parametrize("what", ["show", "freeze", "advance", "speed 10", "speed 1"])
def test_docs_clock_page_works(reader: Reader, what: str) -> None:
    at = f" --server {reader.walk.ready['http']}"

    assert " due" in reader.run(line_with(CLOCK_PAGE, f"clock {what}") + at)


@pytest.mark.usefixtures("curl")
def test_docs_chat_page_works(reader: Reader) -> None:
    stream = reader.make_stream(line_with(FFMPEG_PAGE, "curl -X POST"))
    at = f"--server {reader.walk.ready['http']}"
    listening = reader.start(f"{line_with(CHAT_PAGE, 'chat STREAM_ID --json')} {at}")
    assert listening.stdout is not None
    events = map(json.loads, listening.stdout)

    def heard(kind: str) -> dict[str, Any]:
        return dict(next(event["data"] for event in events if event["type"] == kind))

    try:
        reader.run(f"sh -c '{line_with(CHAT_PAGE, 'echo')} {at}'")
        assert heard("message")["content"] == "first!"
        reader.run(line_with(CHAT_PAGE, "curl", "settings"))
        assert heard("settings")["slow_mode_seconds"] == 30
        reader.run(line_with(CHAT_PAGE, "curl", "bans"))
        assert heard("user_banned")["username"] == "bob"
    finally:
        listening.terminate()
        listening.communicate(timeout=PATIENCE_SECONDS)

    said = reader.walk.ask("POST", f"/streams/{stream['id']}/chat", {"content": "x"}, "ak_auto_bob")
    assert said.status == 403


@pytest.mark.usefixtures("curl")
def test_docs_webhook_page_works(reader: Reader) -> None:
    result = json.loads(
        reader.run(f"{line_with(WEBHOOK_PAGE, 'curl', '_emulator/webhooks -H')} -s")
    )
    assert result["events"] == ["stream.live", "stream.ended", "vod.ready"]
    stream = reader.make_stream(line_with(README, "curl -X POST"))
    reader.walk.ask("POST", f"/streams/id/{stream['id']}/start")
    shown = line_with(WEBHOOK_PAGE, "live-emulator webhooks list")

    def tried() -> dict[str, Any] | None:
        rows: list[dict[str, Any]] = json.loads(reader.run(f"{shown} --json"))["deliveries"]
        return rows[0] if rows and rows[0]["attempts"] else None

    # Nothing listens at the page's address, and the log says so.
    delivery = until(tried, "the webhook to be tried")
    assert (delivery["event"], delivery["state"]) == ("stream.live", "waiting")
    assert delivery["outcome"].startswith("not reached")
    reader.names["DELIVERY_ID"] = delivery["id"]
    replayed = json.loads(reader.run(f"{line_with(WEBHOOK_PAGE, 'replay')} --json"))
    assert (replayed["id"], replayed["state"]) == (delivery["id"], "waiting")


@pytest.mark.usefixtures("curl")
def test_docs_webrtc_page_goes_live_and_creates_a_session(reader: Reader) -> None:
    # Given the page's call that creates a stream, and an ffmpeg with WHIP,
    if not has_whip(get_ffmpeg_exe()):
        lacking("this ffmpeg does not speak WHIP")
    reader.record_talk()
    stream = reader.make_stream(line_with(WEBRTC_PAGE, "curl -X POST", "/streams/"))

    # when the page's command publishes, then the stream is live, and ends with the command.
    push = reader.start(line_with(WEBRTC_PAGE, "ffmpeg -re"))
    _, said = push.communicate(timeout=PATIENCE_SECONDS)
    assert push.returncode == 0, said
    until(lambda: reader.status_of(stream) == "ended", "the stream to end")
    assert reader.walk.ask("GET", f"/streams/id/{stream['id']}").json["started_at"]

    # The page's calls create a session and a seat in it.
    result = json.loads(reader.run(line_with(WEBRTC_PAGE, "curl -X POST", "max_participants")))
    reader.names["SESSION_ID"] = result["id"]
    seat = json.loads(reader.run(line_with(WEBRTC_PAGE, "curl -X POST", "SESSION_ID/token")))
    assert seat["token"].count(".") == 2


@pytest.mark.usefixtures("curl")
def test_docs_recordings_page_works(reader: Reader) -> None:
    def ask(*words: str) -> Any:
        return json.loads(reader.run(f"{line_with(RECORDINGS_PAGE, 'curl', *words)} -s"))

    # Given the seed's streams, a clip is cut of a live one;
    reader.names["STREAM_ID"] = ask("live")["stream"]["id"]
    result = ask("POST", "clips")
    assert result["status"] == "processing"
    reader.names["CLIP_ID"] = result["id"]

    def ready() -> str | None:
        clip: dict[str, Any] = ask("CLIP_ID")
        return clip["video_url"] if clip["status"] == "ready" else None

    film = reader.walk.get(until(ready, "the clip is cut"))
    assert film.headers["content-type"] == "video/mp4"
    # recordings are read and searched,
    [vod] = ask("devops_wizard/vods")
    assert ask("search")["items"] == [vod]
    # split into chapters,
    reader.names["VOD_ID"] = vod["id"]
    titles = ask("generate")
    assert 1 < len(titles) <= 5
    assert ask("generate")[0]["title"] == titles[0]["title"]
    # and posted to social accounts.
    reader.names["VIDEO_UID"] = vod["cloudflare_video_id"]
    assert ask("upload")["post"]["content"] == "Worth an hour"


@pytest.mark.usefixtures("curl")
def test_docs_accounts_page_works(reader: Reader) -> None:
    def ask(*words: str) -> Any:
        return json.loads(reader.run(f"{line_with(ACCOUNTS_PAGE, 'curl', *words)} -s --fail"))

    assert ask("register")["user"]["username"] == "ada"
    reader.names["REFRESH_TOKEN"] = ask("auth/login")["refresh_token"]
    assert ask("refresh")["token_type"] == "bearer"
    ask("auth/magic-link -H")
    shown = line_with(ACCOUNTS_PAGE, "live-emulator outbox")
    [mail] = json.loads(reader.run(f"{shown} --json"))["mails"]
    reader.names["MAILED_TOKEN"] = mail["token"]
    assert ask("magic-link/verify")["user"]["email"] == "ada@example.com"
    reader.names["ACCESS_TOKEN"] = ask("github")["access_token"]
    secret = ask("mfa/setup")["secret"]
    now_ms = round(time.time() * 1000)
    reader.names["CODE"] = totp.code_at(secret, now_ms // totp.STEP_MS)
    assert ask("mfa/verify") == {"verified": True}


@pytest.mark.usefixtures("curl")
def test_docs_logs_page_works(reader: Reader) -> None:
    stream = reader.make_stream(line_with(README, "curl -X POST"))
    body = {"title": "Other", "catgory_id": "?"}
    reader.walk.ask("PUT", f"/streams/id/{stream['id']}", body)
    reader.walk.ask("GET", "/streams/", key="wrong")

    def ask(*words: str) -> Any:
        return json.loads(reader.run(f"{line_with(LOGS_PAGE, 'curl', *words)} -s --fail"))

    assert [request["method"] for request in ask("user=demo")["requests"]] == ["POST", "PUT"]
    [misspelt] = ask("unknown")["requests"]
    assert misspelt["unknown_fields"] == ["catgory_id"]
    assert [request["path"] for request in ask("credential")["requests"]] == ["/api/v1/streams/"]
    created = [event["values"]["stream_id"] for event in ask("kind=")["events"]]
    assert created[-1] == stream["id"]
    listening = reader.start(f"{line_with(LOGS_PAGE, 'event-stream')} -s")
    try:
        assert listening.stdout is not None
        assert any("StreamUpdated" in line for line in listening.stdout)
    finally:
        listening.terminate()
        listening.communicate(timeout=PATIENCE_SECONDS)
