"""Headers: a request's headers as the server received them."""

from starlette.types import Scope


def header(scope: Scope, name: bytes) -> str:
    """Return the first header of this lowercase name (ASGI, HTTP); empty without one."""
    for key, value in scope["headers"]:
        if key == name:
            text: str = value.decode("latin-1")
            return text
    return ""
