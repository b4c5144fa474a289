"""`fault` against a running emulator."""

import json
from collections.abc import Iterator

import pytest

from emulator.cli import main
from tests.support.live_server import Walk, platform


@pytest.fixture
def walk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Walk]:
    with platform() as walk:
        monkeypatch.setenv("LIVE_EMULATOR_URL", walk.ready["http"])
        yield walk


def test_fault_command_adds_lists_and_clears_a_fault(
    walk: Walk, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (
        main(
            [
                "fault",
                "add",
                "api.fail",
                "path=/streams",
                "status=500",
                "--share",
                "100%",
                "--times",
                "5",
                "--skip",
                "1",
            ]
        )
        == 0
    )
    assert "api.fail" in capsys.readouterr().out
    assert [walk.ask("GET", "/streams/").status for _ in range(2)] == [200, 500]
    assert main(["fault", "list"]) == 0
    assert "struck 1 of 5  behind the first 1  path=/streams status=500" in capsys.readouterr().out
    assert main(["fault", "clear", "fault-1"]) == 0
    assert main(["fault", "clear", "--json"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1]) == {
        "world": "default",
        "cleared": 0,
    }
    assert walk.ask("GET", "/streams/").status == 200
    assert main(["fault", "list"]) == 0
    assert "Nothing is broken." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("typed", "said", "code"),
    [
        ("fault add api.fial", "Did you mean api.fail?", 1),
        ("fault add api.fail status", "a value is written NAME=VALUE", 2),
        ("fault clear fault-9", "There is no fault fault-9 on.", 1),
    ],
)
def test_fault_command_reports_errors(
    walk: Walk, capsys: pytest.CaptureFixture[str], typed: str, said: str, code: int
) -> None:
    assert walk.ready
    assert main(typed.split()) == code
    assert said in capsys.readouterr().err
