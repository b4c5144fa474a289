"""The CDN's own React component in a small page, bundled as an app would do it."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.file_server import served
from tests.support.live_server import PATIENCE_SECONDS
from tests.support.required_programs import lacking, need

FOLDER = Path(__file__).parent
_PAGE = (
    '<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><div id="root"></div>'
    '<script src="/app.js"></script>'
)


@contextmanager
def page(folder: Path) -> Iterator[str]:
    """The address of the page. Skips the test where `npm install` was not run in this folder."""
    need("node")
    modules = FOLDER / "node_modules"
    if not (modules / "@cloudflare/stream-react").is_dir():
        lacking(
            "@cloudflare/stream-react is not installed: npm install in tests/support/stream_react"
        )
    (folder / "index.html").write_text(_PAGE)
    subprocess.run(
        [
            *(
                str(modules / ".bin/esbuild"),
                str(FOLDER / "app.jsx"),
                "--bundle",
                "--log-level=error",
            ),
            *('--define:process.env.NODE_ENV="production"', f"--outfile={folder / 'app.js'}"),
        ],
        check=True,
        timeout=PATIENCE_SECONDS,
    )
    with served(folder) as address:
        yield address
