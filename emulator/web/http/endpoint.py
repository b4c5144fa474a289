"""Endpoint: a function that answers calls, described by its decorator and its annotations.

    @endpoint("PUT", "/streams/id/{stream_id}", provenance="guide", refuses=("conflict",))
    def update_stream(
        call: Call, caller: User, stream_id: str, body: StreamUpdate
    ) -> StreamWithIngest:
        '''Change a stream.'''

The function's name is the operation's name in the document, the docstring its summary, the return
annotation the answer's shape (None: 204). It takes the parameters that it needs, by name; a leading
underscore means that it ignores the value:

- `call`: the world, the addresses and the headers of the request
- `caller`: a `User` (the call needs a key or token) or `User | None` (optional); without this
  parameter the call is public. Whether the caller is the owner is checked by the world.
- `body`, `query`: pydantic models
- `file`: an `UploadedFile` (a form with a file, or the file itself), or `UploadedFile | None` if a
  JSON body alone is accepted too
- a name of its path: a `str`
"""

import pkgutil
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from importlib import import_module
from types import FunctionType
from typing import Any, TypeVar, get_args

from emulator.core.errors import Code
from emulator.web.http.operation import (
    Auth,
    Limit,
    Method,
    Operation,
    Provenance,
    Upload,
    path_names,
)
from emulator.world.people.accounts import User

F = TypeVar("F", bound=Callable[..., Any])
_PARAMETERS = frozenset(("call", "caller", "body", "query", "file"))


def endpoint(
    method: Method,
    path: str,
    *,
    provenance: Provenance = "assumed",
    name: str = "",
    status: int = 200,
    also: tuple[int, ...] = (),
    refuses: tuple[Code, ...] = (),
    limit: Limit | None = None,
    upload: Upload | None = None,
    downloads: tuple[str, ...] = (),
    is_body_optional: bool = False,
) -> Callable[[F], F]:
    """Let a function answer `method` and `path`, which is relative to the prefixes.

    A function with two addresses has two decorators, the second with a `name` of its own.
    `refuses`: codes in addition to those that follow from the parameters
    (`document.statuses_refused`), and `invalid` if the world checks values that the model accepts.
    All other parameters are described at `Operation`.
    """

    def decorate(function: F) -> F:
        annotations = function.__annotations__
        models = {parameter.lstrip("_"): annotations[parameter] for parameter in annotations}
        _check(method, path, models.keys(), upload)
        operation = Operation(
            method=method,
            path=path,
            name=name or function.__name__,
            answer=function,
            auth=_auth(models),
            parameters=tuple(parameter for parameter in annotations if parameter != "return"),
            body=models.get("body"),
            query=models.get("query"),
            upload=upload,
            is_upload_required=models.get("file") is not None
            and type(None) not in get_args(models["file"]),
            provenance=provenance,
            status=204 if models["return"] is None else status,
            also=also,
            refuses=refuses,
            limit=limit,
            downloads=downloads,
            is_body_optional=is_body_optional,
        )
        # Decorators apply from the bottom to the top.
        function.__dict__.setdefault("operations", []).insert(0, operation)
        return function

    return decorate


def operations_in(package: str) -> list[Operation]:
    """Import all modules of a package, and return their operations in order, modules by name."""
    return [
        operation
        for name in _module_names(package)
        for function in vars(import_module(name)).values()
        if isinstance(function, FunctionType) and function.__module__ == name
        for operation in operations_of(function)
    ]


def operations_of(function: Callable[..., Any]) -> list[Operation]:
    """Return the operations of a function; empty if it has none."""
    operations: list[Operation] = vars(function).get("operations", [])
    return operations


def _module_names(package: str) -> Iterator[str]:
    yield package
    for inner in pkgutil.iter_modules(getattr(import_module(package), "__path__", ())):
        yield from _module_names(f"{package}.{inner.name}")


def _check(method: Method, path: str, names: AbstractSet[str], upload: Upload | None) -> None:
    """Raise an error for a function that a dispatch could not call."""
    unknown = names - _PARAMETERS - {"return", *path_names(path)}
    if unknown:
        raise TypeError(f"{method} {path}: its path has no {', '.join(sorted(unknown))}")
    if (upload is None) != ("file" not in names):
        raise TypeError(f"{method} {path}: `upload` and the parameter `file` belong together")


def _auth(models: dict[str, Any]) -> Auth:
    caller = models.get("caller")
    if caller is None:
        return "public"
    return "user" if caller is User else "optional"
