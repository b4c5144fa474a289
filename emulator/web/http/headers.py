"""Headers as the server gives them: pairs of bytes, whose names are in lower case (ASGI, HTTP)."""

from starlette.types import Scope


def header(scope: Scope, name: bytes) -> str:
    """The first header of this name, empty where there is none."""
    for key, value in scope["headers"]:
        if key == name:
            text: str = value.decode("latin-1")
            return text
    return ""
