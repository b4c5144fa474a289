"""Names: what accounts may be called, and what a mail address looks like."""

import re

USERNAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,49}", re.ASCII)

# What a visitor would take for the platform itself, or a client for a word of its own.
RESERVED = frozenset(
    {
        "admin",
        "administrator",
        "anonymous",
        "api",
        "auth",
        "everyone",
        "help",
        "here",
        "login",
        "logout",
        "me",
        "moderator",
        "null",
        "official",
        "register",
        "root",
        "security",
        "settings",
        "staff",
        "support",
        "system",
        "undefined",
    }
)

_STRANGE = re.compile(r"[^A-Za-z0-9_.-]", re.ASCII)
# Shorter than a username may be, so that a number fits behind it.
_MADE_MAX = 40

# RFC 5321, 4.5.3.1: octets of the part before the `@` and of the whole path without its brackets.
_LOCAL_MAX, _ADDRESS_MAX = 64, 254
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
# RFC 5322, 3.4.1: a dot-atom on the left; RFC 5321, 2.3.5: a fully qualified name on the right.
_ADDRESS = re.compile(rf"({_ATOM}(?:\.{_ATOM})*)@(?:{_LABEL}\.)+(?=[^@]*[A-Za-z])({_LABEL})")


def username_error(name: str) -> str | None:
    """What is wrong with a name that somebody wants; None if nothing is."""
    if not USERNAME.fullmatch(name):
        return (
            "A username is 1 to 50 letters, digits, dots, dashes and underscores, and begins"
            " with none of the dots and dashes."
        )
    if name.lower() in RESERVED:
        return f"The username {name} is reserved. Choose another one."
    return None


def username_of(address: str) -> str:
    """A username made of a mail address: what stands before the `@` and a `+`, as far as it fits.

    `Ada.Lovelace+news@example.com` becomes `Ada.Lovelace`, `!@example.com` becomes `user`.
    """
    local = address.partition("@")[0].partition("+")[0]
    return _STRANGE.sub("", local).lstrip(".-")[:_MADE_MAX] or "user"


def email_error(address: str) -> str | None:
    """What is wrong with a mail address; None if nothing is. Quoted ones and literals are wrong."""
    match = _ADDRESS.fullmatch(address)
    if match is None:
        return "A mail address looks like ada@example.com."
    if len(match[1]) > _LOCAL_MAX or len(address) > _ADDRESS_MAX:
        return f"A mail address has at most {_ADDRESS_MAX} characters, {_LOCAL_MAX} before the @."
    return None
