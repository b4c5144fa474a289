"""Ports: free, or in use by a named program."""

import os
import socket

from emulator.cli.lib.ports import Holder, holder, why_not


def test_ports_free_port_is_available() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

    assert why_not("127.0.0.1", port) is None
    assert why_not("127.0.0.1", 0) is None


def test_ports_occupied_port_names_its_process() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        reason = why_not("127.0.0.1", port)

        assert holder(port).pid == os.getpid()
        assert reason is not None
        assert reason.startswith("is used by ")
        assert f"(pid {os.getpid()})" in reason


def test_ports_invisible_process_belongs_to_somebody_else() -> None:
    assert str(Holder(0, "")) == "another user's process"
    assert str(Holder(7, "nginx")) == "nginx (pid 7)"


def test_ports_foreign_address_is_reported() -> None:
    # TEST-NET-1 (RFC 5737) belongs to nobody.
    reason = why_not("192.0.2.1", 8787)

    assert reason is not None
    assert reason.startswith("cannot be used: ")
