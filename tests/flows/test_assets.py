"""Assets: the files that pages use, served by name, some of them compressed."""

import hashlib
import re

import httpx
import pytest

from emulator.web.pages import assets

SUM = re.compile(r"`([\w.-]+)` `([0-9a-f]{64})`")


def test_assets_packed_files_are_those_of_their_package() -> None:
    [readme] = assets.FOLDER.glob("swagger-ui-*/README.md")
    sums = dict(SUM.findall(readme.read_text("utf-8")))

    assert sums.keys() == {path.stem for path in readme.parent.glob("*.xz")}
    for name, wanted in sums.items():
        content = assets.unpacked(f"{readme.parent.name}/{name}")
        assert hashlib.sha256(content).hexdigest() == wanted


@pytest.mark.parametrize(
    ("name", "status", "media_type"),
    [
        ("docs/main.js", 200, "text/javascript"),
        ("page.css", 200, "text/css"),
        ("swagger-ui-4.19.1/swagger-ui.css", 200, "text/css"),
        ("swagger-ui-4.19.1/swagger-ui.css.xz", 404, "application/json"),
        ("docs/nothing.js", 404, "application/json"),
    ],
)
async def test_assets_are_served_under_the_hash_of_their_content(
    client: httpx.AsyncClient, name: str, status: int, media_type: str
) -> None:
    answer = await client.get(f"{assets.load().address}/{name}")

    assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (
        status,
        media_type,
    )
