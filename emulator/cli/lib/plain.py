"""Plain: makes others' text safe for a terminal: no cursor movements, no reversed letters."""


def plain(text: str) -> str:
    """The text in one line. Escapes, control characters and bidi overrides become spaces."""
    # `isprintable` is false for Unicode's categories Cc, Cf, Zl and Zp.
    return "".join(character if character.isprintable() else " " for character in text)


def plain_lines(text: str) -> str:
    """Several lines of ours that contain others' text; line breaks stay."""
    return "\n".join(map(plain, text.split("\n")))
