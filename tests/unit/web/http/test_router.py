import pytest

from emulator.core.errors import Refused
from emulator.web.http.endpoint import endpoint, operations_of
from emulator.web.http.operation import Method, Operation
from emulator.web.http.router import Router
from tests.support.tables import table


def operation(method: Method, path: str) -> Operation:
    @endpoint(method, path)
    def answer() -> None:
        """Do nothing."""

    return operations_of(answer)[0]


LIST = operation("GET", "/streams")
CREATE = operation("POST", "/streams")
VODS = operation("GET", "/streams/vods")
CHAT = operation("GET", "/streams/{stream_id}/chat")
VOD = operation("GET", "/streams/vods/{vod_id}")
END = operation("POST", "/streams/{stream_id}/end")
SOCKET = "/streams/{stream_id}/chat/ws"
ROUTER = Router([LIST, CREATE, VODS, CHAT, VOD, END], sockets=[SOCKET])


@table(
    ("method", "path", "operation", "values"),
    [
        ("GET", "streams", LIST, {}),
        ("GET", "streams/", LIST, {}),
        ("HEAD", "streams/", LIST, {}),
        ("POST", "streams/", CREATE, {}),
        ("GET", "streams/vods/", VODS, {}),
        ("GET", "streams/abc/chat", CHAT, {"stream_id": "abc"}),
        ("GET", "streams/vods/abc", VOD, {"vod_id": "abc"}),
        ("GET", "streams/vods/chat", VOD, {"vod_id": "chat"}),
        ("POST", "streams/abc/end", END, {"stream_id": "abc"}),
    ],
)
def test_router_path_leads_to_its_operation(
    method: str, path: str, operation: Operation, values: dict[str, str]
) -> None:
    assert ROUTER.find(method, path) == (operation, values)


@table("path", ["", "/", "nowhere", "streams/a/b/c", "streams//", "streams/x"])
def test_router_unknown_path_is_not_found(path: str) -> None:
    with pytest.raises(Refused) as refused:
        ROUTER.find("GET", path)
    assert refused.value.code == "not_found"


def test_router_wrong_method_gets_the_allowed_ones() -> None:
    with pytest.raises(Refused) as refused:
        ROUTER.find("DELETE", "streams")
    assert refused.value.details["allow"] == "GET, POST"


@table("method", ["GET", "HEAD"])
def test_router_request_for_a_socket_must_upgrade(method: str) -> None:
    with pytest.raises(Refused) as refused:
        ROUTER.find(method, "streams/abc/chat/ws/")
    assert refused.value.code == "upgrade_required"


def test_router_socket_takes_only_get() -> None:
    with pytest.raises(Refused) as refused:
        ROUTER.find("POST", "streams/abc/chat/ws")
    assert refused.value.details["allow"] == "GET"


def test_router_route_is_in_the_table_once() -> None:
    with pytest.raises(ValueError, match="twice"):
        Router([LIST, LIST])
