"""File names that Windows refuses (Naming Files, Paths, and Namespaces; Microsoft Learn)."""

_CHARACTERS = frozenset('<>:"|?*\\')
_DEVICES = frozenset(
    {"con", "prn", "aux", "nul"} | {f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10)}
)


def is_refused(name: str) -> bool:
    """Whether the name is a device, ends in a dot or space, or has a reserved character."""
    stem = name.partition(".")[0].rstrip(" ").casefold()
    return bool(_CHARACTERS & set(name)) or name != name.rstrip(". ") or stem in _DEVICES
