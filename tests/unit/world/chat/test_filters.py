from hypothesis import given
from hypothesis import strategies as st

from emulator.world.chat import filters
from emulator.world.chat.filters import Sieve
from tests.support.tables import table


@table(
    ("text", "words"),
    [
        ("what a SPOILER!", ("spoiler",)),
        ("what a spo\u200biler", ("spoiler",)),
        ("Crème  BRÛLÉE", ("creme brulee",)),
        ("creme brulee", ("Crème Brûlée",)),
        ("GROSSE STRASSE", ("straße",)),
        ("a.b", ("a", "b")),
        ("c++ is old", ("C++",)),
    ],
)
def test_filters_blocked_word_matches_any_case_and_accents(
    text: str, words: tuple[str, ...]
) -> None:
    assert filters.has_blocked_word(text, words)


@table("text", ["classic", "as soon", "assess", "", "\uff21\uff33\uff33\uff25\uff34"])
def test_filters_blocked_word_is_a_whole_word(text: str) -> None:
    assert not filters.has_blocked_word(text, ("ass",))


def test_filters_words_that_fold_to_nothing_block_nothing() -> None:
    assert not filters.has_blocked_word("anything", ("\u200b", "\u0301"))


@table(
    "text",
    [
        "see https://example.org/a",
        "HTTP://X",
        "ftp://files",
        "www.example",
        "go to example.com now",
        "sub.domain.example.io/x?y",
        "mail me at a@b.com",
    ],
)
def test_filters_see_links(text: str) -> None:
    assert filters.has_link(text)


@table("text", ["node.js 3.11 is fine...", "a://", "what.ever", "e.g. this", "1.5", "", ":)"])
def test_filters_text_with_dots_is_no_link(text: str) -> None:
    assert not filters.has_link(text)


@table("text", ["🎥", "👩‍👩‍👧 🇩🇪 ❤️", "👍🏽👍", ":wave: :+1:", "1️⃣ #️⃣", "🏴󠁧󠁢󠁥󠁮󠁧󠁿"])
def test_filters_emoji_and_named_emotes_are_emotes(text: str) -> None:
    assert filters.is_emotes_only(text)


@table("text", ["hi 🎥", "1", ":wave:!", "::", "é"])
def test_filters_words_and_digits_are_no_emotes(text: str) -> None:
    assert not filters.is_emotes_only(text)


@table("text", ["WHY IS NOBODY ANSWERING", "a" * 15, "noooooooooooooooo"])
def test_filters_shouting_and_stretching_look_rude(text: str) -> None:
    assert filters.looks_rude(text)


@table("text", ["OK", "NASA and ESA agree", "a" * 14, "今日は" * 20])
def test_filters_ordinary_speech_does_not_look_rude(text: str) -> None:
    assert not filters.looks_rude(text)


@given(st.text(max_size=200), st.lists(st.text(max_size=20), max_size=5))
def test_filters_take_any_text(text: str, words: list[str]) -> None:
    filters.has_blocked_word(text, tuple(words))
    filters.has_link(text)
    filters.is_emotes_only(text)
    filters.looks_rude(text)

    assert filters.fold(filters.fold(text)) == filters.fold(text)


@given(st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=20))
def test_filters_any_word_matches_itself(word: str) -> None:
    assert filters.has_blocked_word(f"so, {word}!", (word,))


def test_filters_are_repeatable_and_their_cache_is_bounded() -> None:
    sieve = Sieve(True, ("cabbage",), True)
    texts = ["fine", "see example.com", "a cabbage", "WHY IS NOBODY HERE", "x" * 3_000]
    expected = [sieve.reason(text) for text in texts]

    for number in range(2_500):
        assert sieve.reason(f"line {number}") is None

    assert [sieve.reason(text) for text in texts] == expected
    assert [verdict is None for verdict in expected] == [True, False, False, False, False]
    assert len(sieve._verdicts) <= 1_000
