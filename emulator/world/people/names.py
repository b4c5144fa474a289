"""Names: which usernames and mail addresses are valid."""

import re

# Texts, which `re` compiles with their first use: a start reads no name.
_USERNAME = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,49}"

# Names that a visitor could take for the platform itself, or that clients use as a keyword.
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

_STRANGE = r"[^A-Za-z0-9_.-]"
# The limit of a generated name: below the limit of a username, so that a number can be appended.
_MADE_MAX = 40

# RFC 5321, 4.5.3.1: octets of the part before the `@` and of the whole path without its brackets.
_LOCAL_MAX, _ADDRESS_MAX = 64, 254
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
# RFC 5322, 3.4.1: a dot-atom on the left; RFC 5321, 2.3.5: a fully qualified name on the right.
_ADDRESS = rf"({_ATOM}(?:\.{_ATOM})*)@(?:{_LABEL}\.)+(?=[^@]*[A-Za-z])({_LABEL})"


def is_username(name: str) -> bool:
    return re.fullmatch(_USERNAME, name) is not None


def username_error(name: str) -> str | None:
    """Return what is wrong with a username; None if it is valid."""
    if not is_username(name):
        return (
            "A username is 1 to 50 letters, digits, dots, dashes and underscores, and does not"
            " begin with a dot or a dash."
        )
    if name.lower() in RESERVED:
        return f"The username {name} is reserved. Choose another one."
    return None


def username_of(address: str) -> str:
    """Make a username from a mail address: the part before the `@` and any `+`, cut if needed.

    `Ada.Lovelace+news@example.com` becomes `Ada.Lovelace`, `!@example.com` becomes `user`.
    """
    local = address.partition("@")[0].partition("+")[0]
    return re.sub(_STRANGE, "", local).lstrip(".-")[:_MADE_MAX] or "user"


def email_error(address: str) -> str | None:
    """Return what is wrong with a mail address; None if it is valid.

    Quoted local parts and address literals (`ada@[192.0.2.1]`) are not accepted.
    """
    match = re.fullmatch(_ADDRESS, address)
    if match is None:
        return "A mail address looks like ada@example.com."
    if len(match[1]) > _LOCAL_MAX or len(address) > _ADDRESS_MAX:
        return f"A mail address has at most {_ADDRESS_MAX} characters, {_LOCAL_MAX} before the @."
    return None
