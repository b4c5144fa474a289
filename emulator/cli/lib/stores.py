"""Stores: a system's stores of trusted certificates, and the commands that change them."""

import hashlib
import os
import shutil
import ssl
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from emulator.machine.certificates import CA_NAME

NAME = "live-emulator"

Command = tuple[str, ...]


class Store(NamedTuple):
    """The commands that add a certificate to a store, and that remove it again.

    `look` fails if the store does not have it; without one, removing it twice does no harm.
    """

    name: str
    install: Sequence[Command]
    remove: Sequence[Command]
    needs_root: bool = False
    look: Command = ()


def stores_of(platform: str, certificate: Path, home: Path) -> list[Store]:
    """The stores on `platform` (as in `sys.platform`) of the user with this home folder.

    The system's store is the first; it has no commands if the system is unknown.
    """
    if platform == "win32":
        return [_windows(certificate)]
    if platform == "darwin":
        return [_keychain(certificate, home)]
    return [_linux(certificate), *_nss(certificate, home)]


def _windows(certificate: Path) -> Store:
    """The user's own store, which needs no administrator; Windows asks for a confirmation."""
    user = ("certutil", "-user")
    return Store(
        "the user's store (Trusted Root Certification Authorities)",
        [(*user, "-addstore", "Root", str(certificate))],
        [(*user, "-delstore", "Root", _thumbprint(certificate))],
        look=(*user, "-store", "Root", _thumbprint(certificate)),
    )


def _keychain(certificate: Path, home: Path) -> Store:
    keychain = str(home / "Library/Keychains/login.keychain-db")
    trusted = ("-r", "trustRoot", "-k", keychain, str(certificate))
    return Store(
        "the login keychain",
        [("security", "add-trusted-cert", *trusted)],
        [
            ("security", "remove-trusted-cert", str(certificate)),
            # The first command removes the trust, but leaves the certificate.
            ("security", "delete-certificate", "-Z", _thumbprint(certificate), keychain),
        ],
        look=("security", "find-certificate", "-c", CA_NAME, keychain),
    )


def _linux(certificate: Path) -> Store:
    if is_there("update-ca-certificates"):  # Debian, Ubuntu, Alpine.
        # Without `--fresh` it leaves links in /etc/ssl/certs to what is gone.
        update = ("update-ca-certificates",)
        folder = "/usr/local/share/ca-certificates"
        return _shared(folder, update, (*update, "--fresh"), certificate)
    if is_there("update-ca-trust"):  # Fedora, Red Hat, Arch.
        update = ("update-ca-trust",)
        return _shared("/etc/pki/ca-trust/source/anchors", update, update, certificate)
    return Store("this system's store", [], [], needs_root=True)


def _shared(folder: str, add: Command, drop: Command, certificate: Path) -> Store:
    # update-ca-certificates takes files that end in .crt only.
    target = f"{folder}/{NAME}.crt"
    return Store(
        f"the system's store ({folder})",
        [("install", "-m", "644", str(certificate), target), add],
        [("rm", "-f", target), drop],
        needs_root=True,
    )


def _nss(certificate: Path, home: Path) -> Iterator[Store]:
    """The stores of browsers on Linux, which NSS's `certutil` (libnss3-tools) writes."""
    if not is_there("certutil"):
        return
    for name, folder in _databases(home):
        database = ("certutil", "-d", f"sql:{folder}")
        yield Store(
            f"{name}'s store ({folder})",
            [(*database, "-A", "-t", "C,,", "-n", NAME, "-i", str(certificate))],
            [(*database, "-D", "-n", NAME)],
            look=(*database, "-L", "-n", NAME),
        )


def _databases(home: Path) -> Iterator[tuple[str, Path]]:
    for name, pattern in (
        ("Chrome", ".pki/nssdb"),
        ("Chromium (snap)", "snap/chromium/current/.pki/nssdb"),
        ("Firefox", ".mozilla/firefox/*"),
        ("Firefox (snap)", "snap/firefox/common/.mozilla/firefox/*"),
        ("Firefox (flatpak)", ".var/app/org.mozilla.firefox/.mozilla/firefox/*"),
    ):
        for folder in sorted(home.glob(pattern)):
            if (folder / "cert9.db").is_file():
                yield name, folder


def _thumbprint(certificate: Path) -> str:
    """The name of a certificate on Windows and macOS: the SHA-1 of its bytes, in hex.

    The word `SHA1` if there is no certificate yet, and so nothing to remove.
    """
    try:
        der = ssl.PEM_cert_to_DER_cert(certificate.read_text("ascii").strip())
    except (OSError, ValueError):
        return "SHA1"
    return hashlib.sha1(der, usedforsecurity=False).hexdigest().upper()


def is_there(program: str) -> bool:
    return shutil.which(program, path=search_path()) is not None


def search_path() -> str:
    """The PATH for programs, with root's folders, which a user's PATH may lack."""
    return os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"))
