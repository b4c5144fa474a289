"""`world`, `snapshot` and `clock` against a running emulator."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator.cli import main
from tests.support.live_server import Walk, platform


@pytest.fixture
def walk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Walk]:
    with platform() as walk:
        monkeypatch.setenv("LIVE_EMULATOR_URL", walk.ready["http"])
        yield walk


def test_world_command_creates_lists_resets_and_drops(
    walk: Walk, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["world", "new", "ci-7", "--seed", "none", "--json"]) == 0
    key = json.loads(capsys.readouterr().out)["api_key"]
    walk.create("Here", key)
    assert main(["world", "list"]) == 0
    assert "ak_demo@ci-7" in capsys.readouterr().out
    assert main(["world", "reset", "--world", "ci-7"]) == 0
    assert walk.ask("GET", "/streams/?status_filter=all", key=key).json["total"] == 0
    assert main(["world", "drop", "ci-7"]) == 0
    assert walk.ask("GET", "/auth/me", key=key).status == 401
    capsys.readouterr()
    assert main(["world", "drop", "ci-7"]) == 1
    assert "There is no world ci-7" in capsys.readouterr().err


def test_world_command_new_sends_the_content_of_a_seed_file(walk: Walk, tmp_path: Path) -> None:
    seed = tmp_path / "seed.yaml"
    seed.write_text("users: [{username: ada}]", "utf-8")
    assert main(["world", "new", "ci-8", "--seed", str(seed)]) == 0
    assert walk.ask("GET", "/auth/me", key="ak_demo_ada@ci-8").json["username"] == "ada"


def test_snapshot_command_saves_and_restores(
    walk: Walk, capsys: pytest.CaptureFixture[str]
) -> None:
    stream = walk.create("Before")
    assert main(["snapshot", "save", "before"]) == 0
    walk.ask("PUT", f"/streams/id/{stream['id']}", {"title": "After"})
    assert main(["snapshot", "restore", "before"]) == 0
    assert walk.stream(stream)["title"] == "Before"
    capsys.readouterr()
    assert main(["snapshot", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["total"] == 1
    assert main(["snapshot", "restore", "never"]) == 1


@pytest.mark.usefixtures("walk")
def test_clock_command_shows_freezes_advances_and_runs(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def answer(*typed: str) -> dict[str, object]:
        assert main(["clock", *typed, "--json"]) == 0
        shown: dict[str, object] = json.loads(capsys.readouterr().out)
        return shown

    assert answer("show")["mode"] == "real"
    frozen = answer("freeze")
    assert answer("advance", "2h30m")["now"] > frozen["now"]  # type: ignore[operator]
    assert answer("speed", "10")["mode"] == "scaled"
    assert answer("speed", "1")["mode"] == "real"
    assert main(["clock", "show"]) == 0
    assert "real, runs at 1x, +" in capsys.readouterr().out
    assert main(["clock", "advance", "soon"]) == 2
    assert main(["clock", "speed", "0"]) == 2


def test_world_command_export_and_import_move_a_world(
    walk: Walk, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    stream = walk.create("From Tuesday")
    file = tmp_path / "tuesday.world.zip"

    assert main(["world", "export", str(file)]) == 0
    assert main(["world", "import", str(file)]) == 1
    assert "There is a world default already" in capsys.readouterr().err
    assert main(["world", "import", str(file), "--world", "tuesday", "--json"]) == 0
    key = json.loads(capsys.readouterr().out)["api_key"]
    assert walk.ask("GET", f"/streams/id/{stream['id']}", key=key).json["title"] == "From Tuesday"
    assert main(["world", "import", str(tmp_path / "none.zip")]) == 1
    assert "none.zip cannot be read: No such file or directory." in capsys.readouterr().err
    assert main(["world", "export", str(tmp_path / "none" / "a.zip")]) == 1
    assert "cannot be written" in capsys.readouterr().err
