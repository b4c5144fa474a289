"""Words: typed text as a query of SQLite's full text search (FTS5).

All typed text is words and never syntax: quotes, stars, `NEAR` and parentheses find nothing that
letters would not find.
"""

import unicodedata


def folded(typed: str) -> str:
    """Return the text without differences of case and spacing, so that equal searches are equal."""
    return " ".join(_split(typed.casefold()))


def expression(typed: str, *, is_whole: bool = False) -> str | None:
    """Return the text as an FTS5 query ("Full-text Query Syntax"); None without any word.

    Each word between spaces must begin a word of the row, or equal one (`is_whole`). A word with
    punctuation inside (`ci-cd`) is a phrase.
    """
    distinct = dict.fromkeys(_split(typed))
    ending = '"' if is_whole else '"*'
    quoted = ['"' + word.replace('"', '""') + ending for word in distinct if _is_word(word)]
    return " ".join(quoted) or None


def _split(typed: str) -> list[str]:
    # SQLite reads a query up to its first NUL.
    return typed.replace("\0", " ").split()


def _is_word(text: str) -> bool:
    """Whether the tokenizer `unicode61` finds a letter or a digit in it."""
    return any(unicodedata.category(letter)[0] in "LN" for letter in text)
