"""Private names of other libraries that we use, and the versions that have them.

A library that we subclass or access below its documented names is pinned to the minor version that
these tests have seen. When a test fails after an update, check the module that is named next to it
before the pin is moved.
"""

import tomllib
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import version
from inspect import getsource
from pathlib import Path

import pytest

PINNED = ("uvicorn", "starlette", "hypercorn", "aiortc", "aioice")

# Names of libraries, and our modules that use them.
CLASSES = [
    (
        "uvicorn.protocols.http.httptools_impl:HttpToolsProtocol",
        "connection_made connection_lost data_received handle_websocket_upgrade on_message_begin"
        " on_headers_complete on_message_complete _unset_keepalive_if_required",
        "web/servers/uvicorn_connection",
    ),
    (
        "uvicorn.protocols.websockets.websockets_sansio_impl:WebSocketsSansIOProtocol",
        "connection_made connection_lost pause_writing resume_writing keepalive_timeout run_asgi",
        "chat_delivery/direct",
    ),
    ("uvicorn:Server", "startup shutdown main_loop", "web/servers/uvicorn_server"),
    (
        "hypercorn.protocol.ws_stream:WSStream",
        "handle app_send _accept _handle_events _send_wsproto_event",
        "web/servers/hypercorn_repairs",
    ),
    (
        "hypercorn.protocol.h3:H3Protocol",
        "handle stream_send",
        "web/servers/hypercorn_repairs",
    ),
    (
        "hypercorn.protocol.quic:QuicProtocol",
        "handle _handle_timer",
        "web/servers/hypercorn_repairs",
    ),
    ("aiortc.rtcdtlstransport:RTCDtlsTransport", "_set_role", "media/webrtc/link"),
]
# These are set only in `__init__`, so they are searched there.
ATTRIBUTES = [
    (
        "aioice.ice:Connection",
        "_query_consent_task _nominated _protocols _queue _remote_candidates",
        "media/webrtc/ice",
    ),
    ("aiortc.rtcdtlstransport:RTCDtlsTransport", "_rx_srtp _tx_srtp", "media/webrtc/link"),
]


def find(place: str) -> Callable[..., object]:
    module, _, name = place.partition(":")
    thing: Callable[..., object] = getattr(import_module(module), name)
    return thing


@pytest.mark.parametrize("package", PINNED)
def test_seams_library_is_pinned_to_a_minor_version(package: str) -> None:
    project = tomllib.loads(Path("pyproject.toml").read_text("utf-8"))["project"]
    [requirement] = [text for text in project["dependencies"] if text.startswith(package)]
    _, _, pin = requirement.partition("~=")

    assert pin.count(".") == 2, f"{requirement}: pin it as ~=major.minor.patch"
    assert version(package).split(".")[:2] == pin.split(".")[:2]


@pytest.mark.parametrize(("place", "names", "module"), CLASSES)
def test_seams_class_still_has_the_methods_that_we_call_or_override(
    place: str, names: str, module: str
) -> None:
    missing = [name for name in names.split() if not hasattr(find(place), name)]

    assert not missing, f"{place} has no {missing} any more: see emulator/{module}"


@pytest.mark.parametrize(("place", "names", "module"), ATTRIBUTES)
def test_seams_class_still_has_the_attributes_that_we_read(
    place: str, names: str, module: str
) -> None:
    source = getsource(find(place))
    missing = [name for name in names.split() if f"self.{name}" not in source]

    assert not missing, f"{place} has no {missing} any more: see emulator/{module}"
