"""Exports: blocks of text as Markdown and as HTML. Text of people stays plain text in both."""

import re
from collections.abc import Iterable
from html import escape

from emulator.world.library.writing import Block

_HTML = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>{title}</title></head>
<body>
{body}
</body>
</html>
"""
_ELEMENTS = {
    "title": "h1",
    "heading": "h2",
    "note": "aside",
    "text": "p",
    "item": "li",
    "quote": "blockquote",
}
_MARKS = {
    "title": "# ",
    "heading": "## ",
    "note": "> ",
    "text": "",
    "item": "- ",
    "quote": "> ",
}
# Characters that begin another kind of block at the start of a line (CommonMark 0.31, 4 and 5).
_BEGINS = re.compile(r"^(\d{0,9})([#>+*=~.)-])")


def markdown(blocks: Iterable[Block]) -> str:
    """The blocks as CommonMark. HTML in a text is written as entities of the same characters."""
    return "\n\n".join(map(_marked, blocks)) + "\n"


def html(title: str, blocks: Iterable[Block]) -> str:
    """The blocks as a whole HTML page, without scripts and styles."""
    return _HTML.format(title=escape(title), body="\n".join(map(_element, blocks)))


def _marked(block: Block) -> str:
    kind, _, language = block.kind.partition(" ")
    if kind == "code":
        # Longer than any fence inside.
        longest = max(map(len, re.findall(r"`+", block.text)), default=0)
        fence = "`" * max(3, longest + 1)
        return f"{fence}{language}\n{block.text}\n{fence}"
    text = " ".join(block.text.split()).replace("&", "&amp;").replace("<", "&lt;")
    # A user's text must not become a link or a picture.
    text = text.replace("[", "\\[")
    # A text must not begin a list, a heading or a rule.
    return _MARKS[kind] + _BEGINS.sub(r"\1\\\2", text)


def _element(block: Block) -> str:
    kind, _, language = block.kind.partition(" ")
    if kind == "code":
        name = escape(f"language-{language}")
        return f'<pre><code class="{name}">{escape(block.text)}</code></pre>'
    element = _ELEMENTS[kind]
    return f"<{element}>{escape(block.text)}</{element}>"
