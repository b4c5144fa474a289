"""The default seed is applied once per installation; later starts copy an image of it."""

import sys
from pathlib import Path

import pytest

from emulator.seeding import file, images
from emulator.seeding.template import seed_state
from emulator.world.rules import RulesConfig
from emulator.world.store.journal import Store


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for images. Python must be allowed to keep bytecode."""
    monkeypatch.setattr(sys, "pycache_prefix", str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    return tmp_path


def test_seed_image_gives_the_state_of_applying_the_seed(folder: Path) -> None:
    # Given a first start, which applies the seed and keeps the image,
    first = _facts("default")
    [path] = folder.rglob("*.image")
    written = path.stat().st_mtime_ns

    # when the next one uses it,
    second = _facts("default")

    # then it begins with the same content, and nothing was written again.
    assert first == second == _content(seed_state(file.read("default"), RulesConfig()))
    assert path.stat().st_mtime_ns == written


def test_seed_image_serves_any_rules_for_no_rule_changes_the_state(folder: Path) -> None:
    rules = RulesConfig(
        viewers_max=10,
        clips_per_user_max=1,
        reconnect_window_ms=500,
        viewer_gone_ms=100,
        vod_processing_ms=1,
        is_auth_strict=True,
    )

    images.seed_state("default", rules).close()

    assert len(list(folder.rglob("*.image"))) == 1
    assert _facts("default") == _content(seed_state(file.read("default"), rules))


def test_seed_image_of_another_source_or_torn_is_rebuilt(folder: Path) -> None:
    images.seed_state("default", RulesConfig()).close()
    [path] = folder.rglob("*.image")
    whole = path.read_bytes()

    path.write_bytes(bytes(32) + whole[32:])
    images.seed_state("default", RulesConfig()).close()
    assert path.read_bytes() == whole

    path.write_bytes(whole[: len(whole) // 2])
    images.seed_state("default", RulesConfig()).close()
    assert path.read_bytes() == whole


def test_seed_image_key_changes_with_the_source(tmp_path: Path) -> None:
    source = tmp_path / "0001.sql"
    source.write_text("CREATE TABLE a (b)")
    before = images._stamp(source.name, source.stat())
    source.write_text("CREATE TABLE a (b, c)")

    assert images._stamp(source.name, source.stat()) != before
    names = [name for name, _, _ in images._stamps()]
    # The seed, the clock and the modules that seeding calls.
    expected = {"seed.yaml", "history.py", "clock.py", "attendance.py", "0008_simulated.sql"}
    assert expected <= set(names)


def test_seed_image_is_not_cached_for_other_seeds_or_without_bytecode(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    images.seed_state("none", RulesConfig()).close()
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    images.seed_state("default", RulesConfig()).close()
    assert not list(folder.rglob("*.image"))

    # The folder cannot be created: the seed is applied all the same.
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(sys, "pycache_prefix", str(Path(__file__)))
    assert _facts("default")


def _facts(seed: str) -> list[str]:
    return _content(images.seed_state(seed, RulesConfig()))


def _content(facts: Store) -> list[str]:
    content = list(facts._connection.iterdump())
    facts.close()
    return content
