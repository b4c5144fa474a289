from pathlib import Path

from emulator.settings.reference import markdown

PAGE = Path(__file__).parents[3] / "docs/reference/settings.md"


def test_settings_reference_matches_the_fields() -> None:
    assert PAGE.read_text("utf-8") == markdown(), "run `make docs`"
