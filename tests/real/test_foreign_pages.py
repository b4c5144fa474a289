"""Foreign web pages in a real browser must not be able to control the emulator."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.support.browser import WITH_WINDOWS, Chromium, Tab
from tests.support.live_server import Walk, platform
from tests.support.required_programs import need

# Every name resolves to this machine, as an attacker's DNS could do it.
EVERYWHERE_HERE = "--host-resolver-rules=MAP * 127.0.0.1"
# Each gives the text that the page could read, or the name of its error.
ATTEMPTS = {
    "read": "fetch(admin + '/outbox').then((answer) => answer.text())",
    "delete": "fetch(admin + '/outbox', {method: 'DELETE'}).then((answer) => answer.text())",
    "json": """fetch(admin + '/worlds', {method: 'POST', credentials: 'include',
        headers: {'Content-Type': 'application/json'}, body: '{"name": "by-json"}',
        }).then((answer) => answer.text())""",
    "listen": """new Promise((done) => { const source = new EventSource(admin + '/events');
        source.onopen = () => done('open'); source.onerror = () => done('TypeError'); })""",
    "socket": """new Promise((done) => { const socket = new WebSocket(
        admin.replace('http', 'ws') + '/events');
        socket.onopen = () => done('open'); socket.onerror = () => done('TypeError'); })""",
}
# Requests that a page may send to any host without reading the answer.
BLIND = """(admin) => Promise.all([
    fetch(admin + '/reset', {method: 'POST', mode: 'no-cors'}),
    fetch(admin + '/worlds', {method: 'POST', mode: 'no-cors', body: '{"name": "by-text"}'}),
    fetch(admin + '/worlds', {method: 'POST', mode: 'no-cors',
        body: new Blob(['{"name": "by-blob"}'])}),
]).then(() => 'sent')"""
FORM = """(admin) => {
    document.body.innerHTML = `<form method=post enctype=text/plain action="${admin}/worlds">
        <input name='{"name": "by-form", "x' value='": 1}'></form>`;
    document.forms[0].submit();
}"""
# A page without an origin: `Origin: null`.
NOBODY = """(admin) => new Promise((done) => {
    addEventListener('message', (event) => done(event.data), {once: true});
    const frame = document.createElement('iframe');
    frame.sandbox = 'allow-scripts';
    frame.srcdoc = `<script>fetch('${admin}/outbox').then((answer) => answer.text())
        .catch((error) => error.name).then((said) => parent.postMessage(said, '*'))</script>`;
    document.body.append(frame);
})"""


class _Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>page</title><body>")

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def site() -> Iterator[int]:
    """A web server with one page; gives its port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Page)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


async def attempt(tab: Tab, admin: str) -> dict[str, str]:
    return {
        name: await tab.page.evaluate(f"(admin) => {script}.catch((error) => error.name)", admin)
        for name, script in ATTEMPTS.items()
    }


def worlds(walk: Walk) -> set[str]:
    return {world["name"] for world in walk.get(f"{walk.ready['admin']}/worlds").json["worlds"]}


async def test_foreign_pages_neither_read_nor_change_anything() -> None:
    # The browser that people have, since its rules for pages are part of the test.
    path = need(*WITH_WINDOWS)
    with platform() as walk, site() as port:
        stream = walk.create("Still here")
        admin, own_port = walk.ready["admin"], walk.ready["http"].rpartition(":")[2]
        async with Chromium.start(path, EVERYWHERE_HERE) as chromium:
            # Given a foreign page, when it tries everything that pages can do, then it reads
            # nothing,
            tab = await chromium.open(f"http://evil.example:{port}/")
            assert set((await attempt(tab, admin)).values()) == {"TypeError"}
            assert await tab.page.evaluate(NOBODY, admin) == "TypeError"
            assert await tab.page.evaluate(BLIND, admin) == "sent"
            async with tab.page.expect_navigation():
                await tab.page.evaluate(FORM, admin)
            assert "--allow-origin" in await tab.page.inner_text("body")

            # even when its host name resolves to the emulator, so that it needs no CORS;
            tab = await chromium.open(f"http://evil.example:{own_port}/v1/streams/")
            read = (
                "(path) => fetch(path).then(async (answer) => [answer.status, await answer.text()])"
            )
            status, text = await tab.page.evaluate(read, "/_emulator/outbox")
            assert (status, "--allow-host" in text) == (403, True)

            # and no request had an effect.
            assert walk.stream(stream)["title"] == "Still here"
            assert worlds(walk) == {"default"}

            # A page of this machine may do all of it.
            tab = await chromium.open(f"http://localhost:{port}/")
            learned = await attempt(tab, admin)
            assert "by-json" in worlds(walk), learned
            assert learned["listen"] == "open"
