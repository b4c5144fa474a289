"""Blocks as Markdown and HTML: any text that people wrote comes back as text."""

from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from emulator.shapes.library import exports
from emulator.world.library.writing import Block

KINDS = ("title", "heading", "note", "text", "item", "quote", "code python", "code")
EVIL = "<script>alert('x')</script> & [link](javascript:alert(1)) \"q\""


class Reader(HTMLParser):
    """The elements and the text of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        self.elements.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


@given(st.lists(st.tuples(st.sampled_from(KINDS), st.text(max_size=40)), max_size=8))
def test_exports_html_page_has_only_our_elements_for_any_text(said: list[tuple[str, str]]) -> None:
    page = exports.html(EVIL, [Block(*block) for block in said])

    reader = Reader()
    reader.feed(page)
    ours = {"html", "head", "meta", "title", "body", "h1", "h2", "aside", "p", "li"}
    assert set(reader.elements) <= ours | {"blockquote", "pre", "code"}
    assert EVIL in reader.text
    for _, text in said:
        # Next to one of our line ends, a text's last character may form another one.
        assert text.replace("\r", "") in reader.text.replace("\r", "")


def test_exports_markdown_escapes_html_and_block_markers() -> None:
    said = exports.markdown(
        [Block("title", EVIL), Block("text", "# no heading"), Block("text", "1. no list")]
    )

    assert said == (
        "# &lt;script>alert('x')&lt;/script> &amp; \\[link](javascript:alert(1)) \"q\"\n\n"
        "\\# no heading\n\n1\\. no list\n"
    )


@given(st.text(alphabet="`ab\n", max_size=30))
def test_exports_code_stays_inside_its_fence(code: str) -> None:
    said = exports.markdown([Block("code rust", code)])

    first, _, rest = said.partition("\n")
    fence = first.removesuffix("rust")
    assert set(fence) == {"`"}
    assert rest == f"{code}\n{fence}\n"
    assert fence not in code


def test_exports_lines_are_joined_outside_of_code() -> None:
    assert exports.markdown([Block("item", "one\n\n# two\t three")]) == "- one # two three\n"
