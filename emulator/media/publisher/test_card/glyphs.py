"""A 5 by 7 pixel font, drawn in this file, since PyAV's FFmpeg has no `drawtext`."""

import unicodedata

GLYPH_WIDTH = 5
GLYPH_HEIGHT = 7
# One empty column separates letters.
ADVANCE = GLYPH_WIDTH + 1

_SHEETS = (
    (
        "0123456789",
        """
        .###. ..#.. .###. ##### ...#. ##### ..##. ##### .###. .###.
        #...# .##.. #...# ...#. ..##. #.... .#... ....# #...# #...#
        #..## ..#.. ....# ..#.. .#.#. ####. #.... ...#. #...# #...#
        #.#.# ..#.. ...#. ...#. #..#. ....# ####. ..#.. .###. .####
        ##..# ..#.. ..#.. ....# ##### ....# #...# .#... #...# ....#
        #...# ..#.. .#... #...# ...#. #...# #...# .#... #...# ...#.
        .###. .###. ##### .###. ...#. .###. .###. .#... .###. .##..
        """,
    ),
    (
        "ABCDEFGHIJ",
        """
        .###. ####. .###. ###.. ##### ##### .###. #...# .###. ..###
        #...# #...# #...# #..#. #.... #.... #...# #...# ..#.. ...#.
        #...# #...# #.... #...# #.... #.... #.... #...# ..#.. ...#.
        ##### ####. #.... #...# ####. ####. #.### ##### ..#.. ...#.
        #...# #...# #.... #...# #.... #.... #...# #...# ..#.. ...#.
        #...# #...# #...# #..#. #.... #.... #...# #...# ..#.. #..#.
        #...# ####. .###. ###.. ##### #.... .#### #...# .###. .##..
        """,
    ),
    (
        "KLMNOPQRST",
        """
        #...# #.... #...# #...# .###. ####. .###. ####. .#### #####
        #..#. #.... ##.## #...# #...# #...# #...# #...# #.... ..#..
        #.#.. #.... #.#.# ##..# #...# #...# #...# #...# #.... ..#..
        ##... #.... #.#.# #.#.# #...# ####. #...# ####. .###. ..#..
        #.#.. #.... #...# #..## #...# #.... #.#.# #.#.. ....# ..#..
        #..#. #.... #...# #...# #...# #.... #..#. #..#. ....# ..#..
        #...# ##### #...# #...# .###. #.... .##.# #...# ####. ..#..
        """,
    ),
    (
        "UVWXYZ -_.",
        """
        #...# #...# #...# #...# #...# ##### ..... ..... ..... .....
        #...# #...# #...# #...# #...# ....# ..... ..... ..... .....
        #...# #...# #...# .#.#. #...# ...#. ..... ..... ..... .....
        #...# #...# #.#.# ..#.. .#.#. ..#.. ..... ##### ..... .....
        #...# #...# #.#.# .#.#. ..#.. .#... ..... ..... ..... .....
        #...# .#.#. #.#.# #...# ..#.. #.... ..... ..... ..... .##..
        .###. ..#.. .#.#. #...# ..#.. ##### ..... ..... ##### .##..
        """,
    ),
    (
        ":,;!?'\"()/",
        """
        ..... ..... ..... ..#.. .###. .##.. .#.#. ...#. .#... .....
        .##.. ..... .##.. ..#.. #...# ..#.. .#.#. ..#.. ..#.. ....#
        .##.. ..... .##.. ..#.. ....# .#... .#.#. .#... ...#. ...#.
        ..... ..... ..... ..#.. ...#. ..... ..... .#... ...#. ..#..
        .##.. .##.. .##.. ..... ..#.. ..... ..... .#... ...#. .#...
        .##.. ..#.. ..#.. ..... ..... ..... ..... ..#.. ..#.. #....
        ..... .#... .#... ..#.. ..#.. ..... ..... ...#. .#... .....
        """,
    ),
    (
        "#+=%&@*<>|",
        """
        .#.#. ..... ..... ##... .##.. .###. ..... ...#. .#... ..#..
        .#.#. ..#.. ..... ##..# #..#. #...# ..#.. ..#.. ..#.. ..#..
        ##### ..#.. ##### ...#. #.#.. ....# #.#.# .#... ...#. ..#..
        .#.#. ##### ..... ..#.. .#... .##.# .###. #.... ....# ..#..
        ##### ..#.. ##### .#... #.#.# #.#.# #.#.# .#... ...#. ..#..
        .#.#. ..#.. ..... #..## #..#. #.#.# ..#.. ..#.. ..#.. ..#..
        .#.#. ..... ..... ...## .##.# .###. ..... ...#. .#... ..#..
        """,
    ),
)

# A character without a glyph is shown as an empty box, so that a name keeps its length.
_UNKNOWN = ("#####", "#...#", "#...#", "#...#", "#...#", "#...#", "#####")


def _cut() -> dict[str, tuple[str, ...]]:
    glyphs: dict[str, tuple[str, ...]] = {}
    for characters, sheet in _SHEETS:
        rows = [line.split() for line in sheet.split("\n") if line.strip()]
        for column, character in enumerate(characters):
            glyphs[character] = tuple(row[column] for row in rows)
    return glyphs


_GLYPHS = _cut()


class Pen:
    """Writes text in one size and two grey values (0 to 255). Scaled glyphs are cached."""

    def __init__(self, scale: int, ink: int, paper: int) -> None:
        self.scale = scale
        self._ink = bytes([ink]) * scale
        self._paper = bytes([paper]) * scale
        self._scaled: dict[str, tuple[bytes, ...]] = {}

    def rows(self, text: str) -> list[bytes]:
        """Return the text as 7 rows, each `len(text) * ADVANCE * scale` pixels wide.

        Draw each row `scale` times. Letters are shown as capitals without accents.
        """
        glyphs = [self._glyph(character) for character in plain(text)]
        return [b"".join(glyph[row] for glyph in glyphs) for row in range(GLYPH_HEIGHT)]

    def _glyph(self, character: str) -> tuple[bytes, ...]:
        scaled = self._scaled.get(character)
        if scaled is None:
            scaled = tuple(
                b"".join(self._ink if dot == "#" else self._paper for dot in row + ".")
                for row in _GLYPHS.get(character, _UNKNOWN)
            )
            self._scaled[character] = scaled
        return scaled


def plain(text: str) -> str:
    """Convert text to the font's characters: capitals without accents or control characters."""
    apart = unicodedata.normalize("NFKD", text).upper()
    return "".join(c if c.isprintable() else " " for c in apart if not unicodedata.combining(c))
