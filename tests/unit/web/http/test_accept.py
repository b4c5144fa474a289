import pytest

from emulator.web.http.accept import prefers

CHROMIUM = (
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,"
    "*/*;q=0.8,application/signed-exchange;v=b3;q=0.7"
)


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (CHROMIUM, True),
        ("text/html", True),
        ("TEXT/HTML; q=0.2", True),
        ("text/*", True),
        ("application/json;q=0.5, text/html", True),
        ("text/html;q=0.5, */*;q=0.1", True),
        # Programs: curl and most libraries, axios, those that send nothing.
        ("*/*", False),
        ("application/json, text/plain, */*", False),
        ("", False),
        # HTML is preferred equally, or less, or not at all.
        ("text/html, application/json", False),
        ("text/html;q=0.5, application/json", False),
        ("text/html;q=0.3, */*;q=0.8", False),
        ("text/html;q=0, */*", False),
        ("application/*, text/html;q=0.9", False),
        # Invalid values are ignored.
        ("text/html;q=much", False),
        ("text/html;q=nan", False),
        ("text/html;q=2", False),
        (",,;", False),
    ],
)
def test_accept_prefers_the_type_with_the_higher_weight(accept: str, expected: bool) -> None:
    assert prefers(accept, "text/html", "application/json") is expected
