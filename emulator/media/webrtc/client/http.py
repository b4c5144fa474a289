"""The HTTP of WHIP and WHEP clients: post an offer, end a session. Blocking: for a thread."""

import json
import ssl
import urllib.error
import urllib.request
from urllib.parse import urljoin, urlsplit

from emulator.core.errors import Refused
from emulator.media.publisher.link import tls_context

_ANSWER_SECONDS = 10


def post(address: str, offer: str, ca: str, agent: str) -> tuple[str, str]:
    """Post an offer; return the answer, and the session's address.

    Refuses (`forbidden`) with the server's own message, (`unavailable`) where no server answers.
    """
    headers = {"Content-Type": "application/sdp", "User-Agent": agent}
    request = urllib.request.Request(address, offer.encode(), headers, method="POST")
    try:
        with urllib.request.urlopen(
            request, timeout=_ANSWER_SECONDS, context=_tls(address, ca)
        ) as answer:
            return answer.read().decode(), urljoin(address, answer.headers["Location"])
    except urllib.error.HTTPError as error:
        with error:
            raise Refused("forbidden", _sentence(error.read())) from None
    except OSError as error:
        raise Refused("unavailable", f"No server answers there: {_plain(error)}.") from None


def hang_up(address: str, ca: str) -> None:
    """End the session; an error means that the server has ended it already."""
    request = urllib.request.Request(address, method="DELETE")
    try:
        context = _tls(address, ca)
        urllib.request.urlopen(request, timeout=_ANSWER_SECONDS, context=context).close()
    except OSError:
        return


def _tls(address: str, ca: str) -> ssl.SSLContext | None:
    parts = urlsplit(address)
    return tls_context(parts.hostname or "", ca) if parts.scheme == "https" else None


def _sentence(body: bytes) -> str:
    try:
        return str(json.loads(body)["detail"])
    except (ValueError, KeyError, TypeError):
        return "The server refused, without a reason."


def _plain(error: OSError) -> str:
    reason = getattr(error, "reason", error)
    return str(getattr(reason, "strerror", None) or reason).lower()
