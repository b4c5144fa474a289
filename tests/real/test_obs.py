"""OBS as a person uses it: with the written profile, Start, Stop, and a wrong key."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from emulator.cli import obs_profile
from tests.support.commands import live_emulator
from tests.support.encoders import play
from tests.support.live_server import PATIENCE_SECONDS, Walk, platform, until
from tests.support.obs import PROFILE, Home, pushing_obs
from tests.support.slow import slow
from tests.support.system_store import SystemStore
from tests.support.tag_publisher import replaying

PICTURE_AND_SOUND = {
    "width": 1280,
    "height": 720,
    "audio_codec": "mp4a.40.2",
    "sample_rate": 48_000,
    "channels": 2,
}
REFUSALS = {
    "unknown": "This stream key is unknown.",
    "ended": "This stream has ended, and ended is final.",
    "used": "Somebody is publishing with this key already.",
}
# The settings that OBS writes for WHIP in "Settings, Output" and "Settings, Stream".
WHIP_PROFILE = """[General]
Name=live-emulator
[Output]
Mode=Simple
[SimpleOutput]
StreamEncoder=x264
StreamAudioEncoder=opus
UseAdvanced=true
Preset=veryfast
x264Settings=keyint=60
[Video]
BaseCX=1280
BaseCY=720
OutputCX=1280
OutputCY=720
FPSCommon=30
[Audio]
SampleRate=48000
"""


@pytest.fixture(scope="module")
def walk() -> Iterator[Walk]:
    """A platform with a reconnect window long enough for a person to press Start again."""
    with platform(reconnect_window_ms=60_000) as walk:
        yield walk


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def install_profile(walk: Walk, home: Home, stream: dict[str, Any], *options: str) -> None:
    """The how-to page's `obs-profile --install`, into this OBS's folder of profiles."""
    subprocess.run(
        live_emulator(
            "obs-profile", stream["id"], "--install", *("--server", walk.ready["http"], *options)
        ),
        env=home.environment,
        check=True,
        capture_output=True,
        timeout=PATIENCE_SECONDS,
    )


def until_health(walk: Walk, stream: dict[str, Any], known: str) -> dict[str, Any]:
    """The publisher's health, once it has a value for `known`."""
    return until(
        lambda: health if (health := walk.ingest(stream)).get(known) is not None else None,
        f"the publisher's {known} is known",
    )


def check_codecs(health: dict[str, Any]) -> None:
    """Assert that the picture is the profile's, in H.264 High, and the sound too."""
    assert health["video_codec"].startswith("avc1.64")
    assert PICTURE_AND_SOUND.items() <= health.items()


def test_obs_goes_live_stops_returns_and_leaves_a_vod(walk: Walk, home: Home) -> None:
    # Given the profile that is written for a stream,
    stream = walk.create()
    install_profile(walk, home, stream)

    # when OBS starts with it, then the stream is live, as the profile says;
    with pushing_obs(home) as obs:
        walk.until_status(stream, "live")
        assert obs.ask("GetProfileList")["currentProfileName"] == PROFILE
        health = until_health(walk, stream, "key_frame_interval_ms")
        check_codecs(health)
        assert health["protocol"] == "rtmp"
        assert health["key_frame_interval_ms"] == 2000
        # On a busy machine OBS may fall behind, and the health rightly says so.
        assert [
            warning for warning in health["warnings"] if "of real time arrives" not in warning
        ] == []

        # when it stops, the stream waits for it;
        obs.ask("StopStream")
        until(lambda: not walk.ingest(stream)["is_publishing"], "OBS has stopped")
        assert walk.stream(stream)["status"] == "live"

        # when it starts again in time, the same stream continues;
        obs.ask("StartStream")
        until(lambda: walk.ingest(stream)["rejoins"] == 1, "OBS is back")
        until_health(walk, stream, "video_codec")
        walk.until_parts(stream, 2)
        obs.ask("StopStream")

        # and when it stays away, there is a VOD with all of it.
        walk.pass_window(stream, 60)
        vod = walk.until_vod(stream)
        assert walk.media_playlist(stream).count("#EXT-X-DISCONTINUITY\n") == 1
        watched = play(vod["video_url"])
        assert len(watched.video) / 30 == pytest.approx(vod["duration"], abs=0.2)
        assert obs.process.poll() is None


@slow("an OBS that does not trust the CA is tried here, and the CA's installing in test_trust.py")
def test_obs_goes_live_over_tls_where_the_ca_is_trusted(
    walk: Walk, home: Home, tmp_path: Path
) -> None:
    # Given a machine that trusts the emulator's CA, as after `trust --install`,
    store = SystemStore(tmp_path)
    store.trust("--install", "--data", str(Path(walk.ready["ca"]).parent))
    stream = walk.create()
    install_profile(walk, home, stream, "--rtmps")

    # when OBS publishes over TLS, then the stream is live,
    with pushing_obs(home, store.before) as obs:
        walk.until_status(stream, "live")
        health = until_health(walk, stream, "audio_codec")
        assert health["protocol"] == "rtmps"
        check_codecs(health)

        # and when OBS crashes, the stream ends with everything that was shown.
        walk.until_parts(stream, 2)
        obs.kill()
    walk.pass_window(stream, 60)
    assert walk.until_vod(stream)["duration"] > 0


def test_obs_without_trust_in_the_ca_is_reported_on_both_sides(
    walk: Walk, home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    stream = walk.create()
    install_profile(walk, home, stream, "--rtmps")

    with pushing_obs(home) as obs:
        obs.until_said("Cert verify failed")
        until(
            lambda: "the encoder does not trust the certificate of this server" in caplog.text,
            "the emulator says so too",
        )
    assert walk.stream(stream)["status"] == "offline"


@pytest.mark.parametrize("why", REFUSALS)
def test_obs_refusal_has_our_message_in_its_log(walk: Walk, home: Home, why: str) -> None:
    stream = walk.create()
    install_profile(walk, home, stream)
    with ExitStack() as others:
        if why == "unknown":
            profile = home.config / "basic/profiles" / PROFILE
            obs_profile.write(profile, stream["rtmp_url"], "live_nobodyhasthiskey")
        elif why == "ended":
            walk.end(stream)
        else:
            others.enter_context(replaying(stream["rtmp_url"], stream["stream_key"]))

        with pushing_obs(home) as obs:
            obs.until_said(REFUSALS[why])
            obs.until_said("Streaming Stop")
            assert not obs.ask("GetStreamStatus")["outputActive"]
    assert walk.stream(stream)["started_at"] is None


def test_obs_30_goes_live_by_whip_stops_and_returns(walk: Walk, home: Home) -> None:
    # Given an OBS with WebRTC, which needs version 30 and is not in every build,
    if not speaks_webrtc():
        pytest.skip("this OBS has no WebRTC output")
    stream = walk.create()
    profile = home.config / "basic/profiles" / PROFILE
    profile.mkdir(parents=True)
    (profile / "basic.ini").write_text(WHIP_PROFILE)
    whip = stream["ingest"]["webrtc_url"]
    server = whip.replace(stream["stream_key"], stream["cloudflare_stream_id"])
    service = {"server": server, "bearer_token": stream["stream_key"], "service": "WHIP"}
    payload = {"type": "whip_custom", "settings": service}
    (profile / "service.json").write_text(json.dumps(payload))

    # when it starts, then the stream is live with its picture and sound;
    with pushing_obs(home) as obs:
        until(lambda: walk.get(stream["playback_url"]).status == 200, "a segment is whole")
        health = until_health(walk, stream, "audio_codec")
        assert PICTURE_AND_SOUND.items() <= health.items()
        assert (health["protocol"], health["gaps"]) == ("whip", 0)
        assert play(stream["playback_url"], "-t", "1").audio

        # when it stops and starts again in time, the same stream continues.
        obs.ask("StopStream")
        until(lambda: not walk.ingest(stream)["is_publishing"], "OBS has stopped")
        obs.ask("StartStream")
        until(lambda: walk.ingest(stream)["rejoins"] == 1, "OBS is back")
        walk.until_parts(stream, 5)
        obs.ask("StopStream")
        walk.pass_window(stream, 60)
        assert walk.until_vod(stream)["status"] == "ready"


def speaks_webrtc() -> bool:
    text = shutil.which("obs")
    home = Path(text).resolve().parent.parent if text else Path()
    return any((home / "lib").glob("**/obs-plugins/obs-webrtc.so"))
