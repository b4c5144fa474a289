"""Where everything listens: the ready file's content, and the addresses that clients are given."""

import os
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import emulator
from emulator.machine import certificates
from emulator.machine.folder import DataFolder
from emulator.settings import Settings
from emulator.web.platform import CDN_NAME, Addresses


def ready(
    settings: Settings, folder: DataFolder, port: int, rtmp_port: int, rtmps_port: int
) -> dict[str, Any]:
    """The ready file's content: where everything listens."""
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.host, settings.host)
    scheme = "s" if settings.tls else ""
    http = f"http{scheme}://{host}:{port}"
    return {
        "version": emulator.__version__,
        "pid": os.getpid(),
        "data": settings.data,
        "http": http,
        "ws": f"ws{scheme}://{host}:{port}",
        "rtmp": f"rtmp://{host}:{rtmp_port}/live",
        "rtmps": f"rtmps://{host}:{rtmps_port}/live",
        "ca": str(certificates.ca_path(folder.path)),
        "admin": f"{http}/_emulator",
        "console": f"{http}/_emulator/",
        "api_key": "ak_demo",
    }


def environment(told: Mapping[str, Any]) -> dict[str, str]:
    """What programs find a running emulator by, from its ready file."""
    return {
        "LIVE_EMULATOR_URL": told["http"],
        "LIVE_EMULATOR_WS_URL": told["ws"],
        "LIVE_EMULATOR_RTMP_URL": told["rtmp"],
        "LIVE_EMULATOR_RTMPS_URL": told["rtmps"],
        "LIVE_EMULATOR_CA": told["ca"],
        "LIVE_EMULATOR_API_KEY": told["api_key"],
        "LIVE_EMULATOR_ADMIN_URL": told["admin"],
    }


def addresses(settings: Settings, told: dict[str, Any], stun_port: int) -> Addresses:
    host = urlsplit(told["http"]).hostname or settings.host
    return Addresses(
        http=told["http"],
        media=settings.media_base.rstrip("/") or f"{told['http']}/{CDN_NAME}",
        rtmp=told["rtmp"],
        rtmps=told["rtmps"],
        stun=f"stun:[{host}]:{stun_port}" if ":" in host else f"stun:{host}:{stun_port}",
    )
