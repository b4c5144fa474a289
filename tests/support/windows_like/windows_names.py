"""Names of files that Windows has not (Naming Files, Paths, and Namespaces; Microsoft Learn)."""

_CHARACTERS = frozenset('<>:"|?*\\')
_DEVICES = frozenset(
    {"con", "prn", "aux", "nul"} | {f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10)}
)


def is_refused(name: str) -> bool:
    """Whether it is a device, ends in what is dropped, or holds a character that means more."""
    stem = name.partition(".")[0].rstrip(" ").casefold()
    return bool(_CHARACTERS & set(name)) or name != name.rstrip(". ") or stem in _DEVICES
