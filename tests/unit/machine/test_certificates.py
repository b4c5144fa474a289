"""The built-in CA, checked by a real TLS client that trusts only this CA."""

import logging
import socket
import ssl
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from emulator.core.clock import SystemClock
from emulator.machine.certificates import ca_path, context_of, server_context
from tests.support.systems import file_modes

DAY_MS = 86_400_000
FILES = {"ca.pem", "ca.key", "server.pem"}


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a CA, made once for the tests that only read it."""
    folder = tmp_path_factory.mktemp("ca")
    server_context(folder, ["127.0.0.1"])
    return folder


def handshake(server: ssl.SSLContext, authority: Path, name: str) -> str | None:
    """The negotiated TLS version and cipher. Raises the client's `ssl.SSLError`."""
    ours, theirs = socket.socketpair()
    ours.settimeout(30)
    theirs.settimeout(30)

    def serve() -> None:
        try:
            with server.wrap_socket(ours, server_side=True) as connection:
                connection.recv(1)
        except (ssl.SSLError, ConnectionError):
            ours.close()  # The client's side raises the error.

    thread = threading.Thread(target=serve)
    thread.start()
    client = ssl.create_default_context(cafile=str(authority))
    # The default from Python 3.13 on.
    client.verify_flags |= ssl.VERIFY_X509_STRICT
    try:
        with client.wrap_socket(theirs, server_hostname=name) as connection:
            return connection.version()
    finally:
        theirs.close()
        thread.join()


def certificate(folder: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate((folder / "server.pem").read_bytes())


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "::1"])
def test_certificates_trusting_client_connects(directory: Path, name: str) -> None:
    context = server_context(directory, ["127.0.0.1"])

    assert handshake(context, ca_path(directory), name) == "TLSv1.3"


def test_certificates_untrusting_client_refuses(directory: Path, tmp_path: Path) -> None:
    server_context(tmp_path, ["127.0.0.1"])

    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(server_context(directory, ["127.0.0.1"]), ca_path(tmp_path), "localhost")


def test_certificates_foreign_name_is_refused(directory: Path) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match="ostname mismatch"):
        handshake(server_context(directory, ["127.0.0.1"]), ca_path(directory), "example.com")


@pytest.mark.parametrize("host", ["192.168.7.8", "emulator.test", "stream.example.org", "9.9.9.9"])
def test_certificates_configured_host_is_named_too(tmp_path: Path, host: str) -> None:
    context = server_context(tmp_path, [host])

    assert handshake(context, ca_path(tmp_path), host) == "TLSv1.3"
    assert handshake(context, ca_path(tmp_path), "localhost") == "TLSv1.3"


def test_certificates_name_every_host_and_the_names_below_a_wildcard(tmp_path: Path) -> None:
    hosts = ["0.0.0.0", "emulator.test", "stream.example.org", "*.cdn.example.net", "2001:db8::7"]

    context = server_context(tmp_path, hosts)

    reached = ["emulator.test", "stream.example.org", "a.cdn.example.net", "2001:db8::7", "::1"]
    for name in reached:
        assert handshake(context, ca_path(tmp_path), name) == "TLSv1.3"
    with pytest.raises(ssl.SSLCertVerificationError, match="ostname mismatch"):
        handshake(context, ca_path(tmp_path), "example.org")


def test_certificates_current_ones_are_left_alone_at_a_start(directory: Path) -> None:
    before = {name: (directory / name).read_bytes() for name in FILES}

    server_context(directory, ["127.0.0.1"])

    assert {name: (directory / name).read_bytes() for name in FILES} == before
    assert {path.name for path in directory.iterdir()} == FILES


def test_certificates_current_ones_do_not_load_cryptography(directory: Path) -> None:
    code = (
        "import sys, pathlib; from emulator.machine.certificates import server_context; "
        f"server_context(pathlib.Path({str(directory)!r}), ['127.0.0.1']); "
        "sys.exit('cryptography' in sys.modules)"
    )

    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


@file_modes
def test_certificates_private_keys_are_readable_by_their_owner_alone(directory: Path) -> None:
    assert (directory / "ca.key").stat().st_mode & 0o777 == 0o600
    assert (directory / "server.pem").stat().st_mode & 0o777 == 0o600


def test_certificates_ca_vouches_for_private_names_only(directory: Path) -> None:
    authority = x509.load_pem_x509_certificate(ca_path(directory).read_bytes())
    constraints = authority.extensions.get_extension_for_class(x509.NameConstraints)

    permitted = constraints.value.permitted_subtrees or []
    networks = [
        ip_address.value for ip_address in permitted if isinstance(ip_address, x509.IPAddress)
    ]
    assert all(network.is_private or network.is_link_local for network in networks)
    assert {dns_name.value for dns_name in permitted if isinstance(dns_name, x509.DNSName)} == {
        "127.0.0.1",
        "localhost",
        "local",
        "internal",
        "test",
        "lan",
        "home.arpa",
    }
    # mbedTLS refuses a certificate with an unknown critical extension.
    assert not constraints.critical


def test_certificates_ip_address_is_a_dns_name_too_for_old_mbedtls(directory: Path) -> None:
    names = (
        certificate(directory).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    )

    assert "127.0.0.1" in names.get_values_for_type(x509.DNSName)


def test_certificates_lifetime_is_accepted_by_macos(directory: Path) -> None:
    ours = certificate(directory)

    assert ours.not_valid_after_utc - ours.not_valid_before_utc <= timedelta(days=825)
    usage = ours.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert x509.oid.ExtendedKeyUsageOID.SERVER_AUTH in usage


def test_certificates_new_host_gets_a_new_certificate_from_the_current_ca(tmp_path: Path) -> None:
    server_context(tmp_path, ["127.0.0.1"])
    authority, before = ca_path(tmp_path).read_bytes(), certificate(tmp_path)

    server_context(tmp_path, ["192.168.0.9"])

    assert ca_path(tmp_path).read_bytes() == authority
    assert certificate(tmp_path).serial_number != before.serial_number


def test_certificates_are_renewed_before_they_expire(tmp_path: Path) -> None:
    now_ms = SystemClock().now_ms()
    server_context(tmp_path, [], now_ms)
    first, authority = certificate(tmp_path), ca_path(tmp_path).read_bytes()

    server_context(tmp_path, [], now_ms + 789 * DAY_MS)
    assert certificate(tmp_path) == first
    server_context(tmp_path, [], now_ms + 791 * DAY_MS)

    assert certificate(tmp_path) != first
    assert ca_path(tmp_path).read_bytes() == authority


def test_certificates_ca_that_would_expire_first_is_replaced(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    now_ms = SystemClock().now_ms()
    server_context(tmp_path, [], now_ms)

    with caplog.at_level(logging.WARNING):
        server_context(tmp_path, [], now_ms + 3_000 * DAY_MS)

    authority = x509.load_pem_x509_certificate(ca_path(tmp_path).read_bytes())
    began = datetime.fromtimestamp(now_ms / 1000, UTC) + timedelta(days=2_998)
    assert authority.not_valid_before_utc > began
    assert "a new CA was made, trust it again" in caplog.text


@pytest.mark.parametrize("name", sorted(FILES))
@pytest.mark.parametrize("damage", ["deleted", "empty", "torn", "garbage"])
def test_certificates_broken_file_is_replaced(
    directory: Path, tmp_path: Path, name: str, damage: str
) -> None:
    # Given a folder with one broken file,
    for filename in FILES:
        (tmp_path / filename).write_bytes((directory / filename).read_bytes())
    path = tmp_path / name
    content = path.read_bytes()
    path.write_bytes(
        {"torn": content[: len(content) // 2], "garbage": b"\xff\0" * 99}.get(damage, b"")
    )
    if damage == "deleted":
        path.unlink()

    # when a server starts on it,
    context = server_context(tmp_path, ["127.0.0.1"])

    # then it speaks TLS, and a client that trusts the new CA can verify it.
    assert handshake(context, ca_path(tmp_path), "127.0.0.1") == "TLSv1.3"


def test_certificates_key_of_another_ca_is_replaced(directory: Path, tmp_path: Path) -> None:
    server_context(tmp_path, [])
    (tmp_path / "ca.key").write_bytes((directory / "ca.key").read_bytes())
    (tmp_path / "server.pem").unlink()

    context = server_context(tmp_path, [])

    assert handshake(context, ca_path(tmp_path), "localhost") == "TLSv1.3"


def test_certificates_supplied_certificate_is_served_unchanged(directory: Path) -> None:
    context = context_of(directory / "server.pem")

    assert handshake(context, ca_path(directory), "localhost") == "TLSv1.3"


def test_certificates_mismatched_files_are_an_error(directory: Path) -> None:
    with pytest.raises(ssl.SSLError):
        context_of(directory / "ca.pem", directory / "server.pem")
