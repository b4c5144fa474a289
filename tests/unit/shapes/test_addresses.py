"""The addresses that a server gives to callers, by the host that they used."""

from emulator.shapes.addresses import Reach


def test_addresses_for_encoders_never_have_the_host_name_of_a_world() -> None:
    addresses = Reach(rtmp_port=1, rtmps_port=2, stun_port=3).at("http://ci-7.localhost:8787")

    assert addresses.rtmp == "rtmp://localhost:1/live"
    assert addresses.ready()["ws"] == "ws://ci-7.localhost:8787"
