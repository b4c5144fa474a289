"""Certificates: the built-in CA and the server certificates that it signs, in the data folder.

Only making them needs `cryptography`; a start that finds valid ones uses the standard library.
`ca.key`, `server.pem` and `https.pem` contain private keys: only their owner can read them, and
they are never logged.
"""

import hashlib
import ipaddress
import logging
import ssl
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from emulator.core.clock import SystemClock
from emulator.machine.files import write_whole

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

log = logging.getLogger(__name__)

_CA_DAYS = 3650
# macOS refuses a server certificate that lives longer than 825 days, from any CA.
_SERVER_DAYS = 820
_RENEW_DAYS = 30
_DAY_MS = 86_400_000
# The name by which a system's certificate store lists the CA.
CA_NAME = "live-emulator local CA"
_ALWAYS = ("localhost", "127.0.0.1", "::1")
_ANY_ADDRESS = {"", "0.0.0.0", "::"}
# The names that the CA may sign for: this machine, private networks and names that nobody has on
# the internet. So a stolen ca.key, or a careless trust, cannot impersonate a public site.
_PERMITTED_NAMES = ("127.0.0.1", "localhost", "local", "internal", "test", "lan", "home.arpa")
_PERMITTED_NETWORKS = (
    "127.0.0.0/8",
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "169.254.0.0/16",
    "::1/128",
    "fc00::/7",
    "fe80::/10",
)

CA_FILE = "ca.pem"
_CA_KEY_FILE = "ca.key"
_FILES = {"rtmps": "server.pem", "https": "https.pem"}

Use = Literal["rtmps", "https"]


def ca_path(folder: Path) -> Path:
    """The path of the CA's certificate, which clients trust; the file may not exist yet."""
    return folder / CA_FILE


def server_path(folder: Path, use: Use) -> Path:
    """The path of a server's certificate and key, which `server_context` makes."""
    return folder / _FILES[use]


def server_context(
    folder: Path,
    hosts: Sequence[str],
    now_ms: int | None = None,
    use: Use = "rtmps",
    kind: type[ssl.SSLContext] = ssl.SSLContext,
) -> ssl.SSLContext:
    """TLS for a server at `hosts`, signed by the CA in `folder`; missing files are made first.

    The certificate names localhost, 127.0.0.1, ::1 and each of `hosts`: an address, a name, or a
    name such as `*.example.org`. A new one is made when `hosts` change, 30 days before the old one
    expires, and when a file is missing or broken.
    """
    now_ms = SystemClock().now_ms() if now_ms is None else now_ms
    path = server_path(folder, use)
    names = _names_beside(hosts)
    if not _is_current(folder, path, names, now_ms):
        _make(folder, names, now_ms, use)
    try:
        return context_of(path, kind=kind)
    except (ssl.SSLError, OSError):
        # Cut off or edited by somebody: it can be made again.
        _make(folder, names, now_ms, use)
        return context_of(path, kind=kind)


class LateContext:
    """A server's TLS that is made when somebody first asks, in any thread.

    Making a CA takes some 35 ms, mostly to import `cryptography`. A start in memory, which has none
    yet, does not wait for that.
    """

    def __init__(self, make: Callable[[], ssl.SSLContext]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._context: ssl.SSLContext | None = None

    def get(self) -> ssl.SSLContext:
        """Raises what `make` raises; then the next call makes it."""
        with self._lock:
            if self._context is None:
                self._context = self._make()
            return self._context


def context_of(
    certificate: Path, key: Path | None = None, kind: type[ssl.SSLContext] = ssl.SSLContext
) -> ssl.SSLContext:
    """TLS for a server with this `certificate` and `key` (PEM), in one file or in two.

    `kind` is the class of the context.

    Raises `ssl.SSLError` or `OSError` for files that do not match or cannot be read.
    """
    context = kind(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key, password=_no_password)
    return context


def _no_password() -> str:
    """Refuse an encrypted key; OpenSSL would ask for its password on the terminal, and wait."""
    return ""


def _names_beside(hosts: Sequence[str]) -> tuple[str, ...]:
    """The hosts that a certificate names in addition to those that every one names."""
    return tuple(
        dict.fromkeys(host for host in hosts if host not in _ANY_ADDRESS and host not in _ALWAYS)
    )


def _is_current(folder: Path, path: Path, names: tuple[str, ...], now_ms: int) -> bool:
    """Whether the file's first line says that it is valid for these names, this CA and this day.

    `_make` writes the line, because the standard library cannot read a certificate's date.
    """
    try:
        authority = (folder / CA_FILE).read_bytes()
        texts = path.read_text("ascii").partition("\n")[0].split()
        _, stated_names, stated_ca, stated_end_ms = texts
        end_ms = int(stated_end_ms)
    except (OSError, ValueError):
        return False
    is_same = stated_names == _joined(names) and stated_ca == hashlib.sha256(authority).hexdigest()
    return is_same and now_ms < end_ms - _RENEW_DAYS * _DAY_MS


def _joined(names: tuple[str, ...]) -> str:
    return ",".join(names) or "-"


def _make(folder: Path, names: tuple[str, ...], now_ms: int, use: Use) -> None:
    """Write a server's file; before it a CA, if there is none that may sign for `names`."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    folder.mkdir(parents=True, exist_ok=True)
    now = datetime.fromtimestamp(now_ms // 1000, UTC)
    authority, authority_key = _load_ca(folder, names, now) or _make_ca(folder, names, now)
    key = ec.generate_private_key(ec.SECP256R1())
    end = now + timedelta(days=_SERVER_DAYS)
    alternatives = _server_names(names, use)
    certificate = _sign_server(authority, authority_key, key, alternatives, now, end)
    authority_pem = authority.public_bytes(serialization.Encoding.PEM)
    first_line = " ".join(
        (
            "live-emulator",
            _joined(names),
            hashlib.sha256(authority_pem).hexdigest(),
            str(int(end.timestamp()) * 1000),
        )
    )
    # One file for key and certificate: no crash can leave two that do not fit. The CA is not in the
    # chain: a client that trusts it has it, and one that does not would not be helped.
    parts = (
        first_line.encode() + b"\n",
        # The certificate comes first: aioquic finds none after a key.
        certificate.public_bytes(serialization.Encoding.PEM),
        _pem_of_key(key),
    )
    write_whole(server_path(folder, use), b"".join(parts), mode=0o600)


def _load_ca(
    folder: Path, names: tuple[str, ...], now: datetime
) -> "tuple[x509.Certificate, EllipticCurvePrivateKey] | None":
    """The CA in `folder`, if it is complete, valid long enough and may sign for `names`."""
    from cryptography import x509
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

    try:
        certificate = x509.load_pem_x509_certificate((folder / CA_FILE).read_bytes())
        key = serialization.load_pem_private_key((folder / _CA_KEY_FILE).read_bytes(), None)
        permitted = certificate.extensions.get_extension_for_class(x509.NameConstraints).value
    except (OSError, ValueError, TypeError, x509.ExtensionNotFound):
        return None
    if not isinstance(key, EllipticCurvePrivateKey):
        return None
    if key.public_key() != certificate.public_key():
        return None
    if certificate.not_valid_after_utc < now + timedelta(days=_SERVER_DAYS):
        return None
    if not set(_constraints(names).permitted_subtrees or ()) <= set(
        permitted.permitted_subtrees or ()
    ):
        return None
    return certificate, key


def _make_ca(
    folder: Path, names: tuple[str, ...], now: datetime
) -> "tuple[x509.Certificate, EllipticCurvePrivateKey]":
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    if (folder / CA_FILE).exists():
        log.warning("a new CA was made, trust it again path=%s", folder / CA_FILE)
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, CA_NAME)])
    usage = _key_usage(key_cert_sign=True, crl_sign=True)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=_CA_DAYS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        # RFC 5280, 4.2.1.10 asks for critical. mbedTLS, which OBS verifies RTMPS with, does not
        # know the extension and refuses a certificate with a critical one; OpenSSL, Apple and NSS
        # hold the CA to it either way.
        .add_extension(_constraints(names), critical=False)
        .sign(key, hashes.SHA256())
    )
    write_whole(folder / _CA_KEY_FILE, _pem_of_key(key), mode=0o600)
    write_whole(folder / CA_FILE, certificate.public_bytes(serialization.Encoding.PEM), mode=0o644)
    return certificate, key


def _sign_server(
    authority: "x509.Certificate",
    authority_key: "EllipticCurvePrivateKey",
    key: "EllipticCurvePrivateKey",
    names: "list[x509.GeneralName]",
    now: datetime,
    end: datetime,
) -> "x509.Certificate":
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.x509.oid import ExtendedKeyUsageOID

    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "live-emulator")])
    issuer_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key())
    server_auth = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(authority.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(digital_signature=True), critical=True)
        .add_extension(server_auth, critical=False)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(issuer_key, critical=False)
        .sign(authority_key, hashes.SHA256())
    )


def _server_names(hosts: tuple[str, ...], use: Use) -> "list[x509.GeneralName]":
    from cryptography import x509

    names = [_general_name(host) for host in (*_ALWAYS, *hosts)]
    if use == "rtmps":
        # mbedTLS before 3.5, which OBS checks RTMPS with, compares an address with DNS names only.
        # Clients of HTTP/3 in Python refuse a certificate that has such a name.
        names.append(x509.DNSName("127.0.0.1"))
    return names


def _general_name(host: str) -> "x509.GeneralName":
    from cryptography import x509

    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _constraints(hosts: tuple[str, ...]) -> "x509.NameConstraints":
    """The CA's name constraints: private names and networks, and each host that is neither."""
    from cryptography import x509

    names = list(_PERMITTED_NAMES)
    networks = [ipaddress.ip_network(network) for network in _PERMITTED_NETWORKS]
    for host in hosts:
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            name = host.removeprefix("*.")
            if not any(name == known or name.endswith("." + known) for known in names):
                names.append(name)
        else:
            if not any(address in network for network in networks):
                networks.append(ipaddress.ip_network(host))
    subtrees: list[x509.GeneralName] = [x509.DNSName(name) for name in names]
    subtrees += [x509.IPAddress(network) for network in networks]
    return x509.NameConstraints(permitted_subtrees=subtrees, excluded_subtrees=None)


def _key_usage(**granted: bool) -> "x509.KeyUsage":
    from cryptography import x509

    uses = (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    )
    return x509.KeyUsage(**{use: granted.get(use, False) for use in uses})


def _pem_of_key(key: "EllipticCurvePrivateKey") -> bytes:
    from cryptography.hazmat.primitives import serialization

    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
