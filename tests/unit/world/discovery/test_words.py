from emulator.world.discovery import words
from tests.support.tables import table


@table(
    ("typed", "expression"),
    [
        ("rust", '"rust"*'),
        ("  rust \t async\n", '"rust"* "async"*'),
        ("rust rust", '"rust"*'),
        ("ci-cd", '"ci-cd"*'),
        ('say "hi"', '"say"* """hi"""*'),
        ("NEAR(a b)", '"NEAR(a"* "b)"*'),
        ("nul\0byte", '"nul"* "byte"*'),
        ("c++ ++ 7", '"c++"* "7"*'),
    ],
)
def test_words_typed_text_is_words_and_never_syntax(typed: str, expression: str) -> None:
    assert words.expression(typed) == expression


@table("typed", ["", " ", "***", '"', "()", "\0", "🎥", "- + ^"])
def test_words_text_without_letter_or_digit_has_none(typed: str) -> None:
    assert words.expression(typed) is None


def test_words_searches_differ_by_their_words_only() -> None:
    assert words.folded("  Rust\tASYNC ") == words.folded("rust async") == "rust async"
