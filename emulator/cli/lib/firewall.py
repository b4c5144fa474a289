"""Firewall: the question that a system asks when a server listens for other machines."""

import sys

from emulator.core.hosts import is_loopback


def firewall_question(platform: str, host: str) -> tuple[str, str] | None:
    """The question of `platform` (as in `sys.platform`) about a server at `host`, and the answer.

    None if there is no question: Linux never asks, and no system asks for a loopback address.
    """
    if is_loopback(host):
        return None
    if platform == "win32":
        return (
            f"at the first start on {host} Windows asks whether others may reach {sys.executable}",
            "Allow private networks. Where that was refused: Windows Security, Firewall & network "
            "protection, Allow an app through firewall. For this machine alone: --host 127.0.0.1.",
        )
    if platform == "darwin":
        return (
            f"with its firewall on, macOS asks at each start on {host} whether to accept "
            f"connections to {sys.executable}",
            "Allow it. For this machine alone: --host 127.0.0.1.",
        )
    return None
