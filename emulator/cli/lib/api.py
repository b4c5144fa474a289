"""Api: commands' client of a running emulator's API, over HTTP like any other client."""

import contextlib
import json
import os
import shutil
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from emulator import busy_files, http_client
from emulator.cli import Failed
from emulator.cli.lib.discovery import only_running
from emulator.cli.lib.progress import Progress, ProgressFile

DEFAULT_URL = "http://127.0.0.1:8787"
_PIECE_BYTES = 1024 * 1024


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # Its port is no number, or its brackets are open.
        return False


class ApiError(Failed):
    """The emulator refused a request. `status` is HTTP's; 0 if there was no answer."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class Api:
    """One server and one key. Calls block: in a command with an event loop, use a thread.

    Without a `url`, it uses `LIVE_EMULATOR_URL`, or the one emulator that runs here.
    """

    def __init__(
        self, url: str = "", key: str = "", ca: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        named = url or os.environ.get("LIVE_EMULATOR_URL") or ""
        local = None if named else only_running()
        # An emulator that cannot be found here may run in a container, or as another user.
        self._is_guess = not named and local is None
        self.url = (named or (local["http"] if local else DEFAULT_URL)).rstrip("/")
        if not _is_address(self.url):
            where = "" if url else "LIVE_EMULATOR_URL: "
            text = f"{where}invalid address {self.url!r}; write it like {DEFAULT_URL}."
            raise Failed(text, 2)
        self.key = key or os.environ.get("LIVE_EMULATOR_API_KEY") or "ak_demo"
        self._headers = dict(headers or {})
        self.ca = ca or os.environ.get("LIVE_EMULATOR_CA") or (local["ca"] if local else "")
        if self.ca and self.url.startswith("https:") and not Path(self.ca).is_file():
            raise Failed(f"There is no CA file {self.ca}. Set LIVE_EMULATOR_CA to its path.", 2)

    def with_key(self, key: str) -> "Api":
        """A client of this server with another key."""
        return Api(self.url, key, self.ca, self._headers)

    def tls(self) -> ssl.SSLContext | None:
        """The TLS context that trusts the server; None for plain HTTP."""
        if not self.url.startswith("https:"):
            return None
        return ssl.create_default_context(cafile=self.ca or None)

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """Send a request, and return the JSON of its answer, None for no content.

        Raises `ApiError` with the server's message, or with the reason why there is no answer.
        """
        headers = {**self._headers, "Authorization": f"Bearer {self.key}"}
        headers["Accept"] = "application/json"
        content = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            content = json.dumps(body).encode()
        answer = self._ask(urllib.request.Request(self.url + path, content, headers, method=method))
        try:
            return json.loads(answer) if answer else None
        except ValueError:
            raise ApiError(f"{self.url} does not answer as an emulator does.", 0) from None

    def exchange(
        self, method: str, path: str, body: Any = None, *, is_anonymous: bool = False
    ) -> tuple[int, Any]:
        """Send a request. Returns its status and content: JSON, text, or None if it is empty."""
        headers = {} if is_anonymous else {"Authorization": f"Bearer {self.key}"}
        answer = http_client.ask(method, self.url + path, headers, body, ca=self.ca)
        return answer.status, answer.content

    def download(self, path: str, target: Path) -> int:
        """Write the answer of `GET path` to a file, completely or not at all. Returns its size."""
        partial = target.with_name(f"{target.name}.part")
        progress = Progress(f"writing {target.name}")
        progress.show(0)
        try:
            with self._answer(self._request("GET", path)) as answer, partial.open("wb") as file:
                progress.total = int(answer.headers.get("Content-Length") or 0) or None
                shutil.copyfileobj(answer, ProgressFile(file, progress), _PIECE_BYTES)
            busy_files.replace(partial, target)
        except OSError as failure:
            raise ApiError(
                f"{target} cannot be written: {failure.strerror or failure}.", 0
            ) from None
        finally:
            progress.end()
            busy_files.remove(partial)
        return target.stat().st_size

    def upload(self, path: str, file: Path, media_type: str) -> Any:
        """Post a file, and return the JSON of the answer. Raises `ApiError`."""
        progress = Progress(f"reading {file.name}")
        try:
            with file.open("rb") as content:
                progress.total = file.stat().st_size
                request = self._request("POST", path, ProgressFile(content, progress))
                request.add_header("Content-Type", media_type)
                request.add_header("Content-Length", str(progress.total))
                with self._answer(request) as answer:
                    return json.loads(answer.read())
        except OSError as failure:
            raise ApiError(f"{file} cannot be read: {failure.strerror}.", 0) from None
        finally:
            progress.end()

    def fetch(self, path_or_url: str) -> bytes:
        """The bytes at a path of this server, or at a URL. Raises `ApiError`."""
        is_path = path_or_url.startswith("/")
        return self._ask(urllib.request.Request(self.url * is_path + path_or_url))

    def _request(
        self, method: str, path: str, content: bytes | ProgressFile | None = None
    ) -> urllib.request.Request:
        headers = {**self._headers, "Authorization": f"Bearer {self.key}"}
        return urllib.request.Request(self.url + path, content, headers, method=method)

    def _ask(self, request: urllib.request.Request) -> bytes:
        with self._answer(request) as answer:
            try:
                return bytes(answer.read())
            except (OSError, HTTPException) as failure:
                raise ApiError(self._unreachable(failure), 0) from None

    @contextlib.contextmanager
    def _answer(self, request: urllib.request.Request) -> Iterator[HTTPResponse]:
        try:
            answer = http_client.open_request(request, self.ca)
        except urllib.error.HTTPError as refusal:
            with refusal:
                raise ApiError(_sentence(refusal), refusal.code) from None
        except urllib.error.URLError as failure:
            raise ApiError(self._unreachable(failure.reason), 0) from None
        except (OSError, ValueError) as failure:
            raise ApiError(self._unreachable(failure), 0) from None
        with answer:
            yield answer

    def _unreachable(self, reason: object) -> str:
        if isinstance(reason, ConnectionRefusedError):
            if self._is_guess:
                return (
                    f"No emulator runs here, and none answers at {self.url}. "
                    "Start one with `live-emulator serve`, or name one with --server URL."
                )
            return f"No emulator answers at {self.url}. Start one with `live-emulator serve`."
        return f"{self.url} cannot be reached: {reason}."


def _sentence(refusal: urllib.error.HTTPError) -> str:
    """The `message` of the platform's error body (contract, Conventions), or the status.

    Of an input that is refused, `detail` says what is wrong in which part of it.
    """
    try:
        payload = json.loads(refusal.read())
        message = payload.get("message") or payload.get("detail")
        details = payload.get("detail")
    except (ValueError, AttributeError, OSError):
        return f"HTTP {refusal.code} {refusal.reason}"
    if isinstance(details, list):
        texts = [text for detail in details if (text := _detail(detail))]
        return "; ".join(texts) or f"HTTP {refusal.code} {refusal.reason}"
    return message if isinstance(message, str) else f"HTTP {refusal.code} {refusal.reason}"


def _detail(detail: object) -> str:
    """`speed: Input should be greater than or equal to 0.01`."""
    if not isinstance(detail, dict):
        return ""
    place = detail.get("loc")
    where = [str(part) for part in place[1:]] if isinstance(place, list) else []
    return ": ".join(filter(None, (".".join(where), str(detail.get("message") or ""))))
