"""The built-in STUN server's answer, parsed by another library; other messages get none."""

from aioice import stun as peer
from hypothesis import given
from hypothesis import strategies as st

from emulator.media.webrtc.stun import answer
from tests.support.tables import table


@table("host", ["127.0.0.1", "::1", "fe80::1%eth0"])
def test_stun_binding_request_gets_its_own_address(host: str) -> None:
    request = peer.Message(peer.Method.BINDING, peer.Class.REQUEST)

    data = answer(bytes(request), host, 5_000)

    assert data is not None
    message = peer.parse_message(data)
    assert message.transaction_id == request.transaction_id
    assert message.message_class is peer.Class.RESPONSE
    assert message.attributes["XOR-MAPPED-ADDRESS"] == (host.partition("%")[0], 5_000)


def test_stun_other_requests_are_ignored() -> None:
    allocate = bytes(peer.Message(peer.Method.ALLOCATE, peer.Class.REQUEST))
    answered = bytes(peer.Message(peer.Method.BINDING, peer.Class.RESPONSE))

    assert answer(allocate, "127.0.0.1", 1) is None
    assert answer(answered, "127.0.0.1", 1) is None


@given(st.binary(max_size=600))
def test_stun_garbage_is_ignored(data: bytes) -> None:
    assert answer(data, "127.0.0.1", 1) is None
