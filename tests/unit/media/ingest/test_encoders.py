"""Encoders: recognised by the name that they send, and answered in their own terms."""

from typing import get_args

from emulator.core.errors import Refused
from emulator.media.ingest import encoders
from emulator.media.ingest.encoders import Encoder, Topic
from tests.support.tables import table


@table(
    ("names", "encoder"),
    [
        (("FMLE/3.0 (compatible; FMSc/1.0)", "obs-output module (libobs version 29.0.2)"), "obs"),
        (("FMLE/3.0 (compatible; Lavf59.27.100)", None), "ffmpeg"),
        (("FMLE/3.0 (compatible; FMSc/1.0)", "Lavf59.27.100"), "ffmpeg"),
        (("LNX 9,0,124,2", None, "GStreamer 1.22.0 FLV muxer"), "gstreamer"),
        (("OBS-Studio/30.2.0 (Windows x64; en-US)",), "obs"),
        (("FMLE/3.0 (compatible; FMSc/1.0)", None), "other"),
        (("", 7.0, None), "other"),
    ],
)
def test_encoders_are_known_by_their_names(names: tuple[object, ...], encoder: Encoder) -> None:
    assert encoders.recognize(*names) == encoder


@table("topic", get_args(Topic))
def test_encoders_message_names_no_other_encoder(topic: Topic) -> None:
    names: dict[Encoder, str] = {"obs": "OBS", "ffmpeg": "ffmpeg", "gstreamer": "GStreamer"}
    for encoder in get_args(Encoder):
        message = encoders.advice(topic, encoder)
        assert {name for name in names.values() if name in message} == (
            {names[encoder]} if encoder in names else set()
        )


def test_encoders_refusal_without_a_topic_is_unchanged() -> None:
    refused = Refused("conflict", "This stream has ended.")
    assert encoders.advised(refused, "ffmpeg") is refused
    about = Refused("unsupported", "Audio codec MP3 is not supported.", topic="audio_codec")
    advised = encoders.advised(about, "ffmpeg")
    assert advised.message == "Audio codec MP3 is not supported. With ffmpeg: -c:a aac."
    assert advised.code == "unsupported"


def test_encoders_refusal_of_transcodable_media_names_the_setting() -> None:
    refused = Refused(
        "unsupported", "MP3 is not supported.", topic="audio_codec", is_transcodable=True
    )
    assert encoders.advised(refused, "ffmpeg").message == (
        "MP3 is not supported. With ffmpeg: -c:a aac. "
        "Or start the emulator with --transcode-ingest."
    )
