"""`publish`: wrong use is reported before it connects. Its media is tested in `tests/real`."""

from pathlib import Path

import pytest

from emulator.cli import main

SERVER = ("--url", "rtmp://127.0.0.1:1/live")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "Give either a stream key or --stream ID."),
        (("KEY", "--stream", "ID"), "Give either a stream key or --stream ID."),
        (("", *SERVER), "The stream key is empty."),
        (("KEY", "--loop"), "--loop needs a --file."),
        (("KEY", "--rtmps", *SERVER), "--rtmps and rtmp://127.0.0.1:1/live do not fit together."),
        (("KEY", "--size", "100x100"), "The width must be 160 to 4096, not 100."),
        (("KEY", "--size", "1281x720"), "Width and height must be even, not 1281x720."),
        (("KEY", "--fps", "0"), "The frame rate must be 1 to 120, not 0."),
        (("KEY", "--bitrate", "10k"), "The bit rate in kbit/s must be 50 to 200000, not 10."),
        (("KEY", "--size", "big"), "invalid picture size 'big'; write it like 1280x720"),
        (("KEY", "--fps", "1/0"), "invalid frame rate '1/0'; write it like 30 or 30000/1001"),
        (("KEY", "--bitrate", "2500"), "The bit rate in kbit/s must be 50 to 200000, not 2."),
        (("KEY", "--seconds", "0"), "invalid duration '0': it must be longer than 0"),
        (
            ("KEY", "--seconds", "nan"),
            "invalid duration 'nan'; write it like 500ms, 10s, 1m30s or 1.5h",
        ),
        (("KEY", "--url", "http://x/live"), "invalid publish address 'http://x/live'"),
        (("KEY", "--url", "rtmp://x:y/live"), "invalid publish address 'rtmp://x:y/live'"),
    ],
)
def test_publish_command_usage_error_is_one_sentence(
    arguments: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["publish", *arguments]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_publish_command_unreachable_server_is_reported(
    form: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["publish", "KEY", *SERVER, *form]) == 1
    capture_result = capsys.readouterr()
    assert (
        "No server answers at 127.0.0.1:1: connection refused."
        in capture_result.out + capture_result.err
    )
    assert bool(capture_result.err) is not bool(form)


def test_publish_command_unplayable_file_is_reported_before_connecting(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("hello")
    assert main(["publish", "KEY", *SERVER, "--file", str(file)]) == 1
    assert f"publish: {file} cannot be played: " in capsys.readouterr().err
