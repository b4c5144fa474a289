"""`trust` for real: the emulator's CA is installed in the system's store, and removed again."""

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.commands import finished
from tests.support.live_server import PATIENCE_SECONDS, Walk, platform
from tests.support.required_programs import need
from tests.support.system_store import SystemStore


@pytest.fixture(scope="module")
def walk() -> Iterator[Walk]:
    with platform(tls=True) as walk:
        yield walk


def folder_of(walk: Walk) -> str:
    return str(Path(walk.ready["ca"]).parent)


def test_trust_command_installs_a_trusted_ca_and_removes_it(walk: Walk, tmp_path: Path) -> None:
    # Given a machine whose programs do not trust the emulator's CA,
    store = SystemStore(tmp_path)
    before = store.names()
    ask = [*store.before, "env", "-u", "CURL_CA_BUNDLE", "-u", "SSL_CERT_FILE", need("curl")]
    ask += ["--silent", "--show-error", "--max-time", str(PATIENCE_SECONDS)]
    ask += [f"{walk.ready['http']}/_emulator/health"]
    stranger = finished(ask)
    assert stranger.returncode == 60, stranger.stderr  # The server's certificate is not trusted.

    # when the CA is installed, then they do, without any option;
    assert "Added to the system's store" in store.trust("--install", "--data", folder_of(walk))
    friend = finished(ask)
    assert friend.returncode == 0, friend.stderr
    assert '"status":"ok"' in friend.stdout
    # and so do browsers, which have their own store;
    assert store.browsers_have("live-emulator")

    # and when it is removed, the store is as before.
    assert "Removed from the system's store" in store.trust("--remove", "--data", folder_of(walk))
    assert store.names() <= before
    assert not store.browsers_have("live-emulator")
    # A second removal has nothing to do.
    assert "Not in Chrome's store" in store.trust("--remove", "--data", folder_of(walk))
    certificate = ssl.PEM_cert_to_DER_cert(Path(walk.ready["ca"]).read_text())
    trusted = ssl.create_default_context(cafile=store.trusted / "ca-certificates.crt")
    assert certificate not in trusted.get_ca_certs(binary_form=True)
