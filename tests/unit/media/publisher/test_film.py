"""A file as a broadcast: copied or encoded again, once or in a loop, or refused with a sentence."""

import subprocess
from itertools import pairwise
from pathlib import Path

import pytest

from emulator.core.errors import Refused
from emulator.media.ingest.tag import Tag
from emulator.media.publisher.config import PublishConfig
from emulator.media.publisher.film import FilmBroadcast
from tests.support.encoders import ffmpeg, film
from tests.support.media_frames import stamps
from tests.support.publisher import flv_file, pictures, tags_until
from tests.support.tables import table

VP9_OPUS = {"video": "libvpx-vp9 -deadline realtime -cpu-used 8", "audio": "libopus"}
REORDERED = {"video": "libx264 -preset medium -g 30 -bf 3"}
# Containers that differ in their times: from 0 or not, with or without decoding times.
FORMS = {
    "MP4, H.264 and AAC: copied": {"form": "mp4"},
    "MP4, pictures reordered": {"form": "mp4", **REORDERED},
    "MKV, pictures reordered": {"form": "mkv", **REORDERED},
    "MPEG-TS, times from 1.4 s on": {"form": "ts", **REORDERED},
    "AVI, MP3": {"form": "avi", "audio": "libmp3lame"},
    "MKV, VP9 and Opus: encoded again": {"form": "mkv", **VP9_OPUS},
    "MOV, 10 bit HEVC": {
        "form": "mov",
        "video": "libx265 -pix_fmt yuv420p10le -preset ultrafast -x265-params log-level=error",
    },
    "FLV, picture only": {"form": "flv", "audio": ""},
}
SOUNDS = {"M4A": ("m4a", "aac"), "MP3": ("mp3", "libmp3lame"), "WAV": ("wav", "pcm_s16le")}


def broadcast_of(path: Path, *, is_looped: bool = False) -> FilmBroadcast:
    return FilmBroadcast(path, PublishConfig(file=path, is_looped=is_looped, video_kbits=500))


def times_of(tags: list[Tag], kind: str) -> list[int]:
    return [tag.timestamp_ms for tag in tags if tag.kind == kind and tag.payload[1] == 1]


@table("name", FORMS)
def test_film_is_sent_whole_and_begins_at_once(name: str) -> None:
    tags = tags_until(broadcast_of(film(seconds=2, **FORMS[name])), 10_000)

    times = [tag.timestamp_ms for tag in tags if tag.kind != "script" and tag.payload[1] == 1]
    assert times == sorted(times)
    # The first audio frame is the encoder's priming: 21 ms, and never more than 100.
    assert times[0] <= 100
    media = flv_file(tags)
    assert len(pictures(media)) == 60
    shown = sorted(stamp.pts for stamp in stamps(media, "video"))
    assert shown[-1] - shown[0] == pytest.approx(59 / 30, abs=0.002)


@table("name", FORMS)
def test_film_looped_has_continuous_time_stamps(name: str) -> None:
    # Given a film of two seconds, when it is sent three and a half times,
    tags = tags_until(broadcast_of(film(seconds=2, **FORMS[name]), is_looped=True), 7000)

    # then its time only increases, with no gap longer than the difference of its two tracks,
    for kind in ("video", "audio"):
        times = times_of(tags, kind)
        assert all(0 <= after - before <= 100 for before, after in pairwise(times)), kind
        assert not times or times[-1] > 6800
    # no two pictures have the same time,
    shown = sorted(stamp.pts for stamp in stamps(flv_file(tags), "video"))
    assert min(after - before for before, after in pairwise(shown)) > 0.02
    # and no new connection is needed: each codec's header came once, or again unchanged.
    headers = {tag.payload for tag in tags if tag.kind == "video" and tag.payload[1] == 0}
    assert len(headers) == 1


@pytest.mark.parametrize("name", SOUNDS)
@pytest.mark.parametrize("is_looped", [False, True])
def test_film_song_is_sent_as_audio_only(name: str, is_looped: bool, tmp_path: Path) -> None:
    form, codec = SOUNDS[name]
    path = tmp_path / f"song.{form}"
    source = ("-f", "lavfi", "-i", "sine=sample_rate=44100:duration=2", "-ac", "1")
    subprocess.run([ffmpeg(), "-v", "error", *source, "-c:a", codec, str(path)], check=True)

    times = times_of(tags_until(broadcast_of(path, is_looped=is_looped), 6000), "audio")

    assert times[-1] > (5800 if is_looped else 1900)
    assert all(0 <= after - before <= 50 for before, after in pairwise(times))


def test_film_cover_of_a_song_is_no_video(tmp_path: Path) -> None:
    path = tmp_path / "song.m4a"
    picture = ("-f", "lavfi", "-i", "color=size=64x64:duration=0.04", "-frames:v", "1")
    sound = ("-f", "lavfi", "-i", "sine=duration=1")
    mark = ("-c:v", "mjpeg", "-disposition:v:0", "attached_pic")
    subprocess.run([ffmpeg(), "-v", "error", *sound, *picture, *mark, str(path)], check=True)

    tags = tags_until(broadcast_of(path), 5000)

    assert times_of(tags, "audio")
    assert not times_of(tags, "video")


def test_film_odd_picture_size_is_made_even(tmp_path: Path) -> None:
    path = tmp_path / "odd.mkv"
    source = ("-f", "lavfi", "-i", "testsrc2=size=321x181:rate=30:duration=1")
    codec = ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8")
    subprocess.run([ffmpeg(), "-v", "error", *source, *codec, str(path)], check=True)

    seen = pictures(flv_file(tags_until(broadcast_of(path), 5000)))

    assert {(shot.frame.width, shot.frame.height) for shot in seen} == {(320, 180)}


def test_film_looped_image_is_a_still_video(tmp_path: Path) -> None:
    path = tmp_path / "still.png"
    source = ("-f", "lavfi", "-i", "testsrc2=size=320x180:duration=0.04", "-frames:v", "1")
    subprocess.run([ffmpeg(), "-v", "error", *source, str(path)], check=True)

    assert len(pictures(flv_file(tags_until(broadcast_of(path, is_looped=True), 2000)))) == 50


def test_film_damaged_parts_are_left_out(tmp_path: Path) -> None:
    # Given a film with damage that no decoder accepts,
    content = bytearray(film(seconds=2, form="mp4", **VP9_OPUS).read_bytes())
    third = len(content) // 3
    content[third : third + 4000] = bytes(range(250)) * 16
    path = tmp_path / "broken.mp4"
    path.write_bytes(content)

    times = times_of(tags_until(broadcast_of(path), 10_000), "video")

    assert 30 < len(times) <= 60
    assert times == sorted(times)


def test_film_continues_after_the_machine_stalled() -> None:
    broadcast = broadcast_of(film(seconds=2, form="mp4"))
    sent = 0
    while broadcast.due_ms is not None and broadcast.due_ms < 500:
        sent += len(broadcast.step(broadcast.due_ms))
    before_ms = broadcast.due_ms
    broadcast.step(3000)

    assert before_ms is not None
    assert broadcast.due_ms is not None
    # The media after it is sent at its pace, not all at once.
    assert broadcast.due_ms >= 3000


class TestRefusals:
    def check(self, path: Path, *words: str) -> None:
        with pytest.raises(Refused) as refused:
            tags_until(broadcast_of(path), 10_000)
        assert refused.value.code == "invalid"
        for word in (str(path), *words):
            assert word in refused.value.message

    def test_film_refuses_missing_file(self, tmp_path: Path) -> None:
        self.check(tmp_path / "none.mp4", "cannot be played: no such file or directory.")

    def test_film_refuses_folder(self, tmp_path: Path) -> None:
        self.check(tmp_path, "cannot be played: is a directory.")

    @pytest.mark.parametrize("content", [b"", b"hello", bytes(10_000)])
    def test_film_refuses_file_without_media(self, tmp_path: Path, content: bytes) -> None:
        path = tmp_path / "notes.mp4"
        path.write_bytes(content)
        self.check(path, "cannot be played: ")

    def test_film_refuses_truncated_download(self, tmp_path: Path) -> None:
        path = tmp_path / "half.mp4"
        path.write_bytes(film(seconds=2, form="mp4").read_bytes()[:20_000])
        self.check(path, "cannot be played: invalid data found when processing input.")

    def test_film_refuses_subtitles(self, tmp_path: Path) -> None:
        path = tmp_path / "words.srt"
        path.write_text("1\n00:00:00,000 --> 00:00:02,000\nhello\n")
        self.check(path, "cannot be played: invalid argument.")

    def test_film_refuses_stream_without_times_before_sending(self) -> None:
        path = film(seconds=2, form="h264", audio="", **REORDERED)
        with pytest.raises(Refused, match="it has no timestamps; put it into an MP4 or MKV file"):
            broadcast_of(path)

    def test_film_refuses_time_that_jumps_back(self, tmp_path: Path) -> None:
        once = film(seconds=2, form="ts").read_bytes()
        path = tmp_path / "twice.ts"
        path.write_bytes(once + once)
        self.check(path, "its timestamps jump back after 2.0 s.")
