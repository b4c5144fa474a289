"""Ready: where everything listens: the ready file's content, and the addresses for clients."""

import os
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from msgspec.structs import replace

from emulator.core.hosts import in_url, is_loopback
from emulator.machine import certificates
from emulator.machine.folder import DataFolder
from emulator.settings import Settings
from emulator.shapes.addresses import Addresses, Reach
from emulator.version import __version__

_LOOPBACK = ("localhost", ".localhost", "127.0.0.1", "::1")


def ready(settings: Settings, folder: DataFolder, addresses: Addresses) -> dict[str, Any]:
    """The ready file's content: where everything listens."""
    return {
        "version": __version__,
        "pid": os.getpid(),
        "data": settings.data,
        **addresses.ready(),
        "ca": str(certificates.ca_path(folder.path)),
        "api_key": "ak_demo",
    }


def environment(addresses: Mapping[str, Any], inherited: Mapping[str, str]) -> dict[str, str]:
    """The environment variables by which a program finds the emulator of this ready file.

    `inherited` is the program's environment so far; its proxy is not used for this machine.
    """
    return {
        **without_proxy(inherited),
        "LIVE_EMULATOR_URL": addresses["http"],
        "LIVE_EMULATOR_WS_URL": addresses["ws"],
        "LIVE_EMULATOR_RTMP_URL": addresses["rtmp"],
        "LIVE_EMULATOR_RTMPS_URL": addresses["rtmps"],
        "LIVE_EMULATOR_CA": addresses["ca"],
        "LIVE_EMULATOR_API_KEY": addresses["api_key"],
        "LIVE_EMULATOR_ADMIN_URL": addresses["admin"],
    }


def without_proxy(inherited: Mapping[str, str]) -> dict[str, str]:
    """`NO_PROXY` and `no_proxy` with loopback added; programs read one or the other."""
    before = [
        host.strip()
        for name in ("NO_PROXY", "no_proxy")
        for host in inherited.get(name, "").split(",")
        if host.strip()
    ]
    hosts = ",".join(dict.fromkeys((*before, *_LOOPBACK)))
    return {"NO_PROXY": hosts, "no_proxy": hosts}


def reach(settings: Settings, rtmp_port: int, rtmps_port: int, stun_port: int) -> Reach:
    """The addresses by which other machines reach this server, as far as settings fix them."""
    return Reach(
        rtmp_port=rtmp_port,
        rtmps_port=rtmps_port,
        stun_port=stun_port,
        media=settings.media_base.rstrip("/"),
        rtmp=_with_path(settings.public_rtmp_url),
        rtmps=_with_path(settings.public_rtmps_url),
    )


def local(settings: Settings, reach: Reach, port: int) -> Addresses:
    """The addresses by which this machine reaches the server, whatever others are given."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)
    scheme = "https" if settings.tls else "http"
    return replace(reach, rtmp="", rtmps="").at(f"{scheme}://{in_url(host)}:{port}")


def follows_callers(settings: Settings) -> bool:
    """Whether answers name the host by which their caller reached the server."""
    return not settings.public_url and not is_loopback(settings.host)


def _with_path(url: str) -> str:
    """An RTMP server's URL, with the application `live` if it names none."""
    url = url.rstrip("/")
    return f"{url}/live" if url and not urlsplit(url).path else url
