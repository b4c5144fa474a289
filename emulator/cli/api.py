"""Api: what a command asks of a running emulator, over HTTP as any client would."""

import json
import os
import ssl
import urllib.error
import urllib.request
from typing import Any

from emulator.cli import Failed

DEFAULT_URL = "http://127.0.0.1:8787"
_TIMEOUT_SECONDS = 30


class ApiError(Failed):
    """The emulator answered no. `status` is HTTP's; 0 where it did not answer at all."""

    def __init__(self, sentence: str, status: int) -> None:
        super().__init__(sentence)
        self.status = status


class Api:
    """One server, one key. Calls block: in a command with an event loop, use a thread."""

    def __init__(self, url: str = "", key: str = "", ca: str = "") -> None:
        self.url = (url or os.environ.get("LIVE_EMULATOR_URL") or DEFAULT_URL).rstrip("/")
        self._key = key or os.environ.get("LIVE_EMULATOR_API_KEY") or "ak_demo"
        self._ca = ca or os.environ.get("LIVE_EMULATOR_CA") or ""

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """The JSON that `method path` answers, None for no content.

        Raises `ApiError` with the server's own sentence, or with the reason for no answer.
        """
        headers = {"Authorization": f"Bearer {self._key}", "Accept": "application/json"}
        content = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            content = json.dumps(body).encode()
        answer = self._ask(urllib.request.Request(self.url + path, content, headers, method=method))
        try:
            return json.loads(answer) if answer else None
        except ValueError:
            raise ApiError(f"{self.url} does not answer as an emulator does.", 0) from None

    def fetch(self, path_or_url: str) -> bytes:
        """The bytes at a path of this server, or at an address. Raises `ApiError`."""
        is_path = path_or_url.startswith("/")
        return self._ask(urllib.request.Request(self.url * is_path + path_or_url))

    def _ask(self, request: urllib.request.Request) -> bytes:
        # No proxy: the emulator is on this machine, where a proxy of the environment cannot look.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        if request.full_url.startswith("https:"):
            context = ssl.create_default_context(cafile=self._ca or None)
            opener.add_handler(urllib.request.HTTPSHandler(context=context))
        try:
            with opener.open(request, timeout=_TIMEOUT_SECONDS) as answer:
                return bytes(answer.read())
        except urllib.error.HTTPError as refusal:
            with refusal:
                raise ApiError(_sentence(refusal), refusal.code) from None
        except urllib.error.URLError as failure:
            raise ApiError(self._unreachable(failure.reason), 0) from None
        except (OSError, ValueError) as failure:
            raise ApiError(self._unreachable(failure), 0) from None

    def _unreachable(self, reason: object) -> str:
        if isinstance(reason, ConnectionRefusedError):
            return f"No emulator answers at {self.url}. Start one with `live-emulator serve`."
        return f"{self.url} cannot be reached: {reason}."


def _sentence(refusal: urllib.error.HTTPError) -> str:
    """The `message` of the platform's error body (contract, Conventions), or the bare status."""
    try:
        told = json.loads(refusal.read())
        sentence = told.get("message") or told.get("detail")
    except (ValueError, AttributeError, OSError):
        sentence = None
    return sentence if isinstance(sentence, str) else f"HTTP {refusal.code} {refusal.reason}"
