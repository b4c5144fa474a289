"""Names are the field's words: a reader needs no dictionary of this project's own."""

import io
import keyword
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

PROJECT = Path(__file__).parents[2]
FOLDERS = ("emulator", "tests", "benchmarks")

# A word that no name is or has as one of its parts, and what to write instead.
INSTEAD = {
    "told": "what it is: message, payload, headers, output",
    "wishes": "changes, options",
    "evening": "scenario, run",
    "shelf": "hls_stream, media",
    "shelves": "media_store",
    "sow": "apply_seed",
    "sown": "seeded",
    "farewell": "close",
    "farewells": "close_queue",
    "hearing": "event_matcher",
}
# FFmpeg's own name of a track for people who hear little.
OTHERS = {"hearing_impaired"}
# What a test's name begins with where it does not begin with the unit under test.
_WITHOUT_UNIT = re.compile(
    r"\bdef (test_(?:an?|the|it|its|that|when|where|there|nobody|somebody|who\w*|what\w*)_\w+)"
)
_PARTS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_ANY = re.compile("|".join(INSTEAD), re.IGNORECASE)


def banned(name: str) -> list[str]:
    if name in OTHERS or keyword.iskeyword(name):
        return []
    return [word for word in map(str.lower, _PARTS.findall(name)) if word in INSTEAD]


def names_in(text: str) -> Iterator[tuple[int, str]]:
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.NAME:
            yield token.start[0], token.string


def test_names_use_the_words_of_the_field() -> None:
    wrong = [
        f"{path.relative_to(PROJECT)}:{line}: {name}: instead of `{word}` say {INSTEAD[word]}"
        for folder in FOLDERS
        for path in sorted((PROJECT / folder).rglob("*.py"))
        if "node_modules" not in path.parts and _ANY.search(text := path.read_text("utf-8"))
        for line, name in names_in(text)
        for word in banned(name)
    ]
    assert not wrong, "\n".join(wrong)


def test_banned_finds_a_word_in_each_way_to_write_a_name() -> None:
    assert [banned(name) for name in ("told", "_told_at", "TOLD_MAX", "ToldText", "retold")] == [
        *([["told"]] * 4),
        [],
    ]


def test_names_of_tests_begin_with_their_unit() -> None:
    wrong = [
        f"{path.relative_to(PROJECT)}: {name}"
        for path in sorted((PROJECT / "tests").rglob("test_*.py"))
        for name in _WITHOUT_UNIT.findall(path.read_text("utf-8"))
    ]
    assert not wrong, "Begin with the unit under test, as in `test_auth_unknown_key_is_401`:\n" + (
        "\n".join(wrong)
    )
