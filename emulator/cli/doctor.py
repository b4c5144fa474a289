"""`doctor`: look at this machine, and say what to do about what is missing. Changes nothing."""

import argparse
import json
import os
import shutil
import ssl
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, NamedTuple

from emulator.cli.lib.colour import colour_of, paint
from emulator.cli.lib.firewall import firewall_question
from emulator.cli.lib.ports import holder, why_not
from emulator.core.clock import SystemClock
from emulator.machine.certificates import ca_path, context_of
from emulator.machine.folder import WORLD_FILE, is_held, running_on
from emulator.machine.handles import limits
from emulator.settings import Settings, add_flags, gather

NAME = "doctor"
HELP = "check this machine, and say what to do about what is missing"
EXAMPLES = """
  live-emulator doctor
  live-emulator doctor --data /srv/emulator --rtmp-port 19350
  live-emulator doctor --json
"""

# From this share on, the emulator refuses new publishers (`media/hls/disk`).
_FULL_SHARE = 0.95
_FREE_WARN_BYTES = 5 * 2**30
_OPEN_FILES_WARN = 1024
_CLOCK_SLACK_MS = 60_000
# Windows' MAX_PATH without the final NUL, and the length of the longest path below the data folder.
_PATH_MAX = 259
_PATH_BELOW = 100


class Finding(NamedTuple):
    """One line of the report. `advice` says what to do; empty if there is nothing to do."""

    name: str
    state: Literal["ok", "warn", "fail"]
    message: str
    advice: str = ""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print the results as JSON")
    add_flags(parser)


def run(args: argparse.Namespace) -> int:
    settings = gather(vars(args), os.environ)
    findings = list(examine(settings))
    if args.json:
        print(json.dumps([_shape(finding) for finding in findings], indent=1))
    else:
        for finding in findings:
            state = paint(f"{finding.state:4}", colour_of(finding.state))
            print(f"{state}  {finding.name:12}  {finding.message}")
            if finding.advice:
                print(f"      {'':12}  {paint(f'-> {finding.advice}', 'bold')}")
    return 1 if any(finding.state == "fail" for finding in findings) else 0


def _shape(finding: Finding) -> dict[str, str]:
    return {
        "name": finding.name,
        "state": finding.state,
        "message": finding.message,
        "advice": finding.advice,
    }


def examine(settings: Settings) -> Iterator[Finding]:
    """All findings, in the order in which a start would need these things."""
    yield of_python(sys.version_info[:2])
    yield _pyav()
    yield from _ports(settings)
    yield _tls(settings)
    yield _folder(settings)
    folder = tempfile.gettempdir() if settings.is_in_memory else settings.data
    yield of_disk(*shutil.disk_usage(_nearest(Path(folder))))
    # If our own files are from the future, the clock is slow, and TLS and players fail.
    installed_ms = int(Path(__file__).stat().st_mtime * 1000)
    yield of_clock(SystemClock().now_ms(), installed_ms)
    yield _open_files()
    yield from of_system(sys.platform, sys.version_info[:3], settings)


def of_python(version: tuple[int, int]) -> Finding:
    """The finding on Python's version. Below 3.11 neither pip nor make installs the program."""
    text = f"{sys.version.split()[0]} at {sys.executable}"
    if version >= (3, 14):
        return Finding("Python", "warn", text, "Tested with 3.11 to 3.13: if odd, use one of them.")
    return Finding("Python", "ok", text)


def _pyav() -> Finding:
    again = "Install it again: python -m pip install --force-reinstall av"
    try:
        import av
        from av.codec import Codec
    except ImportError as failure:
        return Finding("PyAV", "fail", f"does not load: {failure}", again)
    text = f"{av.__version__} with FFmpeg's libavcodec {av.library_versions['libavcodec'][0]}"
    for encoder in ("libx264", "aac"):
        try:
            Codec(encoder, "w")
        except ValueError:
            lacks = f"{text}, without the encoder {encoder}"
            return Finding("PyAV", "warn", lacks, f"For `publish` and `demo`: {again}")
    return Finding("PyAV", "ok", f"{text}, encoders libx264 and aac")


def _ports(settings: Settings) -> Iterator[Finding]:
    own_pid = running_on(Path(settings.data)).get("pid") if is_held(Path(settings.data)) else None
    for key in ("port", "rtmp_port", "rtmps_port"):
        port = getattr(settings, key)
        name = f"port {port}"
        reason = why_not(settings.host, port)
        if reason is None:
            yield Finding(name, "ok", "free" if port else "chosen by the system")
        elif own_pid and holder(port).pid == own_pid:
            yield Finding(name, "ok", f"used by the emulator that is running (pid {own_pid})")
        else:
            flag = "--" + key.replace("_", "-")
            advice = f"Stop that program, or start with {flag} 0 to take any free port."
            yield Finding(name, "fail", reason, advice)


def _tls(settings: Settings) -> Finding:
    if settings.rtmps_cert:
        try:
            context_of(settings.rtmps_cert, settings.rtmps_key)
        except (OSError, ssl.SSLError) as failure:
            text = f"{settings.rtmps_cert} cannot be used: {failure}"
            return Finding("TLS", "fail", text, "Give --rtmps-cert and --rtmps-key as PEM files.")
        return Finding("TLS", "ok", f"own certificate {settings.rtmps_cert}")
    try:
        import cryptography
    except ImportError as failure:
        advice = "Install it again: python -m pip install --force-reinstall cryptography"
        return Finding("TLS", "fail", f"cryptography does not load: {failure}", advice)
    path = ca_path(Path(settings.data))
    if not path.exists():
        text = f"{ssl.OPENSSL_VERSION}, cryptography {cryptography.__version__}; the CA is made"
        return Finding("TLS", "ok", f"{text} at the first start")
    if _is_trusted(path):
        return Finding("TLS", "ok", f"this machine trusts {path}")
    advice = "For RTMPS from OBS: live-emulator trust. RTMP and ffmpeg do not need it."
    return Finding("TLS", "warn", f"this machine does not trust {path}", advice)


def _is_trusted(path: Path) -> bool:
    """Whether OpenSSL's default store, which most programs use, holds the certificate."""
    try:
        own = ssl.PEM_cert_to_DER_cert(path.read_text("ascii").strip())
    except (OSError, ValueError):
        return False
    return own in ssl.create_default_context().get_ca_certs(binary_form=True)


def _folder(settings: Settings) -> Finding:
    if settings.is_in_memory:
        return Finding("data", "ok", "kept in memory, media in a temporary folder")
    folder = Path(settings.data)
    if is_held(folder):
        payload = running_on(folder)
        at = f" at {payload['http']}" if "http" in payload else ""
        return Finding("data", "ok", f"{folder}, an emulator is running on it{at}")
    if not os.access(_nearest(folder), os.W_OK | os.X_OK):
        advice = "Choose another with --data, or make it writable for you."
        return Finding("data", "fail", f"{folder} cannot be written", advice)
    database = folder / WORLD_FILE
    if database.exists():
        from emulator.core.errors import Refused
        from emulator.world.store.database import check_schema

        try:
            check_schema(database.absolute())
        except Refused as refused:
            if refused.details.get("is_damaged"):
                advice = "The next start moves it aside and begins a new one."
                return Finding("data", "warn", refused.message, advice)
            return Finding("data", "fail", refused.message)
    return Finding("data", "ok", f"{folder}" + ("" if folder.exists() else ", made at first start"))


def of_disk(total: int, used: int, free: int) -> Finding:
    """The finding on the disk of the data folder; sizes are in bytes."""
    # 2.5 Mbit/s, OBS's default, is 1.1 GiB an hour.
    text = f"{free / 2**30:.1f} GiB free, {free / 2**30 / 1.05:.0f} h of a stream at 2.5 Mbit/s"
    advice = "Free some space, or choose a folder on another disk with --data."
    if used >= _FULL_SHARE * total:
        text = f"{used / total:.0%} full, {text}: new publishers are refused"
        return Finding("disk", "fail", text, advice)
    if free < _FREE_WARN_BYTES:
        return Finding("disk", "warn", text, advice)
    return Finding("disk", "ok", text)


def _nearest(folder: Path) -> Path:
    """The folder itself, or the nearest parent that exists."""
    return next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())


def of_clock(now_ms: int, installed_ms: int) -> Finding:
    """The finding on this machine's clock: whether it can be right."""
    text = datetime.fromtimestamp(now_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    if now_ms < installed_ms - _CLOCK_SLACK_MS:
        advice = "Set the clock (timedatectl set-ntp true, or the system's settings)."
        return Finding("clock", "fail", f"{text} is before this program was installed", advice)
    return Finding("clock", "ok", text)


def _open_files() -> Finding:
    allowed = limits()
    if allowed is None:
        return Finding("open files", "ok", "this system sets no limit")
    text = f"{allowed.soft} at once, `serve` may raise it to {allowed.hard}"
    if allowed.hard < _OPEN_FILES_WARN:
        return Finding("open files", "warn", text, "For many viewers raise the limit: ulimit -Hn")
    return Finding("open files", "ok", text)


def of_system(platform: str, version: tuple[int, int, int], settings: Settings) -> list[Finding]:
    """The findings that exist only on `platform` (a value of `sys.platform`)."""
    question = firewall_question(platform, settings.host)
    findings = [Finding("firewall", "warn", *question)] if question else []
    if platform != "win32":
        return findings
    if version < (3, 11, 9) or (3, 12) <= version < (3, 12, 3):
        text = f"Python {'.'.join(map(str, version))} may stop hearing WebRTC when a viewer leaves"
        advice = "Install Python 3.11.9, 3.12.3 or newer (python/cpython issue 91227)."
        findings.append(Finding("UDP", "warn", text, advice))
    if not settings.is_in_memory and len(settings.data) > _PATH_MAX - _PATH_BELOW:
        text = f"{settings.data} is so long that files in it may pass Windows' {_PATH_MAX} letters"
        advice = "Choose a shorter --data, or set LongPathsEnabled in the registry."
        findings.append(Finding("path", "warn", text, advice))
    return findings
