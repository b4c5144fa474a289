"""Names are the field's words: a reader needs no dictionary of this project's own."""

import ast
import keyword
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
FOLDERS = ("emulator", "tests", "benchmarks")

# Words that no name may contain, and words to use in their place.
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
    "outlet": "sender, connection",
    "gathering": "chat_room",
    "bench": "job_runner",
    "benches": "job_slots",
}
# Words of no meaning to a newcomer, also banned in comments and docstrings.
_PROSE = re.compile(
    r"\b(?:shel(?:f|ves)|evenings?|sown?|outlets?|farewells?|wishes|anew)\b", re.IGNORECASE
)
# A participle does not name a thing: `stream`, `segment`, `changes` do. A predicate may end so
# (`is_kept`), and so may a name of a library or of HTTP.
_PARTICIPLE = re.compile(r"_*(?:[a-z]+_)*(?:found|kept|made|told|given)")
_PREDICATE = re.compile(
    r"_?(?:is|are|has|was|be|may_be|can_be)_\w+|test_\w+|not_found|connection_made"
)
_NO_REASON = re.compile(r"# type: ignore\[[^\]]*\](?!\s+#)")
# FFmpeg's name of a track for people with impaired hearing.
OTHERS = {"hearing_impaired"}
# A clause in the place of a noun, or a reference to the docstring of something else.
_WITHOUT_SUBJECT = re.compile(
    r'^ *r?"""(?:What|Who|Whoever|Whose|Those|The same|How|Where|When|Which|Whatever)\b.*',
    re.MULTILINE,
)
# The beginning of a test's name that does not begin with the unit under test.
_WITHOUT_UNIT = re.compile(
    r"\bdef (test_(?:an?|the|it|its|that|when|where|there|nobody|somebody|who\w*|what\w*)_\w+)"
)
# A name; comments and strings are skipped. Python's tokenizer finds the same in five times the
# time.
_NAME = re.compile(
    r"#[^\n]*"
    r"|[bBfFrRuU]{0,2}(?:'{3}(?s:\\.|.)*?'{3}|\"{3}(?s:\\.|.)*?\"{3})"
    r"|[bBfFrRuU]{0,2}(?:'(?:\\(?s:.)|[^'\\\n])*'|\"(?:\\(?s:.)|[^\"\\\n])*\")"
    r"|\b([A-Za-z_]\w*)"
)
_QUOTED = re.compile(r"[\"'](\w+)[\"']")
_PARTS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_ANY = re.compile("|".join(INSTEAD), re.IGNORECASE)


def banned(name: str) -> list[str]:
    if name in OTHERS or keyword.iskeyword(name):
        return []
    return [word for word in map(str.lower, _PARTS.findall(name)) if word in INSTEAD]


def sources(folder: str) -> list[Path]:
    paths = sorted((PROJECT / folder).rglob("*.py"))
    return [path for path in paths if "node_modules" not in path.parts]


def keys_in(text: str) -> Iterator[tuple[int, str]]:
    """Keys of JSON objects that are written or read as dicts: `{"name": ...}`, `row["name"]`."""
    for node in ast.walk(ast.parse(text)):
        keys: list[ast.expr | None] = []
        if isinstance(node, ast.Dict):
            keys = node.keys
        elif isinstance(node, ast.Subscript):
            keys = [node.slice]
        for key in keys:
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                yield key.lineno, key.value


def names_in(path: Path) -> Iterator[tuple[str, Callable[[], str]]]:
    """Each name of a module, with a function that says where it is."""
    text = path.read_text("utf-8")

    def place(match: re.Match[str]) -> str:
        line = text.count("\n", 0, match.start()) + 1
        return f"{path.relative_to(PROJECT)}:{line}: {match[1]}"

    for match in _NAME.finditer(text):
        if match[1]:
            yield match[1], partial(place, match)


def test_names_use_the_words_of_the_field() -> None:
    wrong = [
        f"{place()}: instead of `{word}` say {INSTEAD[word]}"
        for folder in FOLDERS
        for path in sources(folder)
        for name, place in names_in(path)
        if _ANY.search(name)
        for word in banned(name)
    ]
    assert not wrong, "\n".join(wrong)


def test_names_are_no_participles() -> None:
    wrong = [
        place()
        for path in sources("emulator")
        for name, place in names_in(path)
        if _PARTICIPLE.fullmatch(name) and not _PREDICATE.fullmatch(name)
    ]
    assert not wrong, "\n".join(wrong)


def is_wrong_key(key: str) -> bool:
    return bool(banned(key) or (_PARTICIPLE.fullmatch(key) and not _PREDICATE.fullmatch(key)))


def test_keys_of_output_use_the_words_of_the_field() -> None:
    wrong = [
        f"{path.relative_to(PROJECT)}:{line}: {key}"
        for path in sources("emulator")
        # Modules without such a word between quotes are not parsed.
        if any(map(is_wrong_key, _QUOTED.findall(text := path.read_text("utf-8"))))
        for line, key in keys_in(text)
        if is_wrong_key(key)
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("pattern", [_PROSE, _NO_REASON], ids=["prose", "type: ignore"])
def test_words_code_has_no_private_prose_and_no_unexplained_ignore(
    pattern: re.Pattern[str],
) -> None:
    wrong = [
        f"{path.relative_to(PROJECT)}:{number}: {line.strip()}"
        for path in sources("emulator")
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if pattern.search(line)
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


def test_words_docstrings_begin_with_a_subject() -> None:
    wrong = [
        f"{path.relative_to(PROJECT)}: {match[0].strip()}"
        for folder in FOLDERS
        for path in sources(folder)
        for match in _WITHOUT_SUBJECT.finditer(path.read_text("utf-8"))
    ]
    assert not wrong, "Begin with a noun, or with a verb in the imperative:\n" + "\n".join(wrong)
