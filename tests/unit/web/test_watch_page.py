"""The pages as the server sends them. Their behaviour in a browser is tested in tests/real."""

import re
from collections.abc import AsyncIterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

from emulator.core.errors import Refused
from emulator.shapes.addresses import CDN_NAME
from emulator.web.pages import assets, watch
from emulator.world.library import recordings
from emulator.world.live import streams
from emulator.world.live.streams import Stream
from emulator.world.people.accounts import User
from emulator.world.world import World

TITLE = 'Tea & <script>alert("hi")</script> \'"><img src=x onerror=alert(1)>'
NO_SUCH_UID = "0" * 32


async def refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return Response(status_code=404)


@pytest.fixture
async def client(world: World) -> AsyncIterator[httpx.AsyncClient]:
    app = Starlette(routes=watch.pages(lambda _: world), exception_handlers={Refused: refused})
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://emulator"
    ) as client:
        yield client


@pytest.fixture
def stream(world: World, ada: User) -> Stream:
    return streams.create(world, ada, streams.StreamPatch({"title": TITLE}))


class Elements(HTMLParser):
    """The elements of a page, and the text in each kind of them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text: dict[str, str] = {}
        self._open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if self._open:
            self.text[self._open[-1]] = self.text.get(self._open[-1], "") + data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]


@pytest.mark.parametrize("prefix", ["", f"/{CDN_NAME}"])
@pytest.mark.parametrize("frame", ["watch", "iframe"])
async def test_watch_page_stream_has_both_pages_under_both_names(
    client: httpx.AsyncClient, stream: Stream, prefix: str, frame: str
) -> None:
    answer = await client.get(f"{prefix}/{stream.uid}/{frame}")

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    payload = Elements(answer.text).all("html")[0]
    assert payload["data-uid"] == stream.uid
    assert payload["data-status"] == "offline"
    assert payload["data-kind"] == "stream"


@pytest.mark.parametrize("frame", ["watch", "iframe"])
async def test_watch_page_markup_in_a_title_stays_text(
    client: httpx.AsyncClient, stream: Stream, frame: str
) -> None:
    page = Elements((await client.get(f"/{stream.uid}/{frame}")).text)

    assert page.text["title"] == TITLE
    assert [script.keys() for script in page.all("script")] == [{"type", "src"}]
    assert not page.all("img")
    if frame == "watch":
        assert page.text["h1"] == TITLE


@pytest.mark.parametrize("frame", ["watch", "iframe"])
async def test_watch_page_needs_nothing_that_its_policy_forbids(
    client: httpx.AsyncClient, stream: Stream, frame: str
) -> None:
    answer = await client.get(f"/{stream.uid}/{frame}")
    policy = answer.headers["content-security-policy"]
    page = Elements(answer.text)

    assert "unsafe" not in policy
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert not page.all("style")
    for name, attributes in page.found:
        assert not [key for key in attributes if key.startswith("on") or key == "style"], name
    for address in re.findall(r'(?:src|href)="([^"]*)"', answer.text):
        assert address.startswith(("/_emulator/static/", "manifest/")), address


@pytest.mark.parametrize(
    ("frame", "ancestors"), [("watch", "frame-ancestors 'self'"), ("iframe", "frame-ancestors *")]
)
async def test_watch_page_bare_player_alone_may_be_framed_by_any_site(
    client: httpx.AsyncClient, stream: Stream, frame: str, ancestors: str
) -> None:
    answer = await client.get(f"/{stream.uid}/{frame}")
    assert answer.headers["content-security-policy"].endswith(ancestors)


@pytest.mark.parametrize("frame", ["watch", "iframe"])
async def test_watch_page_unknown_uid_gets_a_page_with_a_message(
    client: httpx.AsyncClient, frame: str
) -> None:
    answer = await client.get(f"/{NO_SUCH_UID}/{frame}")
    assert answer.status_code == 404
    assert Elements(answer.text).text["h1"] == "Nothing to watch here"


async def test_watch_page_shows_the_state_of_its_stream(
    client: httpx.AsyncClient, world: World, stream: Stream
) -> None:
    streams.go_live(world, stream.id)
    live = Elements((await client.get(f"/{stream.uid}/watch")).text).all("html")[0]
    streams.end(world, streams.find(world, stream.id))
    ended = Elements((await client.get(f"/{stream.uid}/watch")).text).all("html")[0]

    assert (live["data-status"], live["data-has-media"]) == ("live", "true")
    assert (ended["data-status"], ended["data-has-media"]) == ("ended", "true")


async def test_watch_page_recording_has_its_own_page(
    client: httpx.AsyncClient, world: World, stream: Stream
) -> None:
    streams.go_live(world, stream.id)
    ended = streams.end(world, streams.find(world, stream.id))
    assert ended.vod_id
    vod = recordings.find(world, ended.vod_id)

    processing = Elements((await client.get(f"/{vod.uid}/watch")).text).all("html")[0]
    recordings.mark_ready(world, vod.id, 1000, ())
    ready = Elements((await client.get(f"/{vod.uid}/watch")).text).all("html")[0]

    assert (processing["data-kind"], processing["data-status"]) == ("recording", "processing")
    assert (ready["data-kind"], ready["data-status"]) == ("recording", "ready")


async def test_watch_page_gives_a_new_viewer_a_session(
    client: httpx.AsyncClient, stream: Stream
) -> None:
    first = await client.get(f"/{stream.uid}/watch")
    second = await client.get(f"/{stream.uid}/watch")
    assert "set-cookie" in first.headers
    assert "set-cookie" not in second.headers


async def test_watch_page_named_files_exist_and_are_cached_forever(
    client: httpx.AsyncClient, stream: Stream
) -> None:
    page = (await client.get(f"/{stream.uid}/watch")).text
    names = set(re.findall(r'"(/_emulator/static/[^"]+)"', page))
    assert {name.rpartition("/")[2] for name in names} >= {"watch.js", "stage.css", "page.css"}
    for name in names:
        answer = await client.get(name)
        assert answer.status_code == 200, name
        assert "immutable" in answer.headers["cache-control"]


def test_watch_page_modules_import_existing_files() -> None:
    files = assets.load().files
    modules = {name: text.decode() for name, text in files.items() if name.endswith(".js")}
    assert "watch.js" in modules
    for name, text in modules.items():
        for imported in re.findall(r'^import .* from "(\.[^"]+)";$', text, re.MULTILINE):
            assert urljoin(name, imported) in files, f"{name} imports {imported}"


@pytest.mark.parametrize(
    "name", ["nothing.js", "%2e%2e/watch.py", "..%2Fwatch.py", "/etc/passwd", ""]
)
async def test_watch_page_unknown_file_is_not_found(client: httpx.AsyncClient, name: str) -> None:
    answer = await client.get(f"{assets.load().address}/{name}")
    assert answer.status_code == 404


async def test_watch_page_files_of_another_release_are_not_found(client: httpx.AsyncClient) -> None:
    answer = await client.get(f"{assets.PREFIX}/{'0' * 12}/watch.js")
    assert answer.status_code == 404


async def test_watch_page_modules_are_served_as_modules(client: httpx.AsyncClient) -> None:
    for name in assets.load().files:
        answer = await client.get(f"{assets.load().address}/{name}")
        if Path(name).suffix in {".js", ".mjs"}:
            assert answer.headers["content-type"] == "text/javascript; charset=utf-8"


def test_watch_page_vendored_player_matches_its_note() -> None:
    import hashlib

    files = assets.load().files
    folder = next(name for name in files if name.startswith("hls.js-")).partition("/")[0]
    version = folder.removeprefix("hls.js-")
    player = files[f"{folder}/hls.light.min.mjs"]
    note = files[f"{folder}/README.md"].decode()

    assert f'"{version}"'.encode() in player
    assert version in note
    assert hashlib.sha256(player).hexdigest() in note
    assert b"Apache License" in files[f"{folder}/LICENSE"]


@pytest.mark.parametrize("prefix", ["", f"/{CDN_NAME}"])
async def test_watch_page_bare_uid_is_the_player_with_addresses_below_it(
    client: httpx.AsyncClient, stream: Stream, prefix: str
) -> None:
    answer = await client.get(f"{prefix}/{stream.uid}?autoplay=true")

    assert answer.status_code == 200
    assert answer.headers["content-security-policy"].endswith("frame-ancestors *")
    page = Elements(answer.text)
    payload = page.all("html")[0]
    assert (payload["data-frame"], payload["data-base"]) == ("player", f"{stream.uid}/")
    assert page.all("a")[0]["href"] == f"{stream.uid}/manifest/video.m3u8"


async def test_watch_page_poster_of_another_site_is_allowed_on_request(
    client: httpx.AsyncClient, stream: Stream
) -> None:
    for frame, pictures in (("", "img-src * data:"), ("/watch", "img-src 'self' data:")):
        answer = await client.get(f"/{stream.uid}{frame}?poster=https://pictures.example/a.png")
        assert pictures in answer.headers["content-security-policy"]


@pytest.mark.parametrize("name", ["nothing", NO_SUCH_UID[1:], NO_SUCH_UID.replace("0", "G")])
async def test_watch_page_other_name_at_the_root_is_no_player(
    client: httpx.AsyncClient, name: str
) -> None:
    answer = await client.get(f"/{name}")
    assert answer.status_code == 404
    assert "html" not in answer.headers["content-type"]


@pytest.mark.parametrize("prefix", ["", f"/{CDN_NAME}"])
async def test_watch_page_sdk_is_a_script_that_any_page_may_load(
    client: httpx.AsyncClient, prefix: str
) -> None:
    answer = await client.get(f"{prefix}/embed/sdk.latest.js")

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert "window.Stream" in answer.text
    again = {"If-None-Match": answer.headers["etag"]}
    assert (await client.get(f"{prefix}/embed/sdk.latest.js", headers=again)).status_code == 304


async def test_watch_page_names_its_playlist_for_programs(
    client: httpx.AsyncClient, stream: Stream
) -> None:
    for path in ("/watch", "/watch?mode=hls", "/iframe", ""):
        page = (await client.get(f"/{stream.uid}{path}")).text
        playlist = f"{client.base_url.join(f'/{stream.uid}/manifest/video.m3u8')}"
        assert f'<meta property="og:video" content="{playlist}">' in page
