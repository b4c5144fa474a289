"""Words: what somebody typed, as a query of SQLite's full text search (FTS5).

Whatever is typed is words and never syntax: quotes, stars, `NEAR` and parentheses find nothing
that letters would not find.
"""

import unicodedata


def folded(typed: str) -> str:
    """What was typed, without differences of case and spacing: searches of one thing are one."""
    return " ".join(_split(typed.casefold()))


def expression(typed: str, *, is_whole: bool = False) -> str | None:
    """What was typed as an FTS5 query ("Full-text Query Syntax"); None where it has no word.

    Each word between spaces must begin a word of what is found, or be one (`is_whole`); a word
    with punctuation inside (`ci-cd`) is a phrase.
    """
    distinct = dict.fromkeys(_split(typed))
    ending = '"' if is_whole else '"*'
    quoted = ['"' + word.replace('"', '""') + ending for word in distinct if _is_word(word)]
    return " ".join(quoted) or None


def _split(typed: str) -> list[str]:
    # SQLite reads a query up to its first NUL.
    return typed.replace("\0", " ").split()


def _is_word(text: str) -> bool:
    """Whether the tokenizer `unicode61` sees anything in it: a letter or a digit."""
    return any(unicodedata.category(letter)[0] in "LN" for letter in text)
