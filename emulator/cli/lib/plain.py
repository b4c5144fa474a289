"""Plain: text that others wrote, for a terminal: it moves no cursor and turns no letters around."""


def plain(text: str) -> str:
    """The text in one line. Escapes, controls and bidi overrides become spaces."""
    # Unicode's categories Cc, Cf, Zl and Zp are among what `isprintable` calls unprintable.
    return "".join(character if character.isprintable() else " " for character in text)


def plain_lines(text: str) -> str:
    """Lines that we wrote with the text of others in them."""
    return "\n".join(map(plain, text.split("\n")))
