"""Router: the contract's table as a tree of path segments.

Both prefixes, with and without a trailing slash, lead to one operation and are answered directly:
clients that do not follow redirects use both (contract, Addresses). With a list of patterns instead
of a tree each request would have to try the whole table.
"""

from collections.abc import Iterable

from msgspec import Struct, field

from emulator.core.errors import Refused
from emulator.web.http.operation import Operation, path_names


class _Node(Struct):
    literal: dict[str, "_Node"] = field(default_factory=dict)
    named: "_Node | None" = None
    operations: dict[str, tuple[Operation, list[str]]] = field(default_factory=dict)
    is_socket: bool = False


class Router:
    """Finds the operation for a method and a path below the prefix.

    `sockets` are paths that only WebSockets use. Their connections do not come here; requests do.
    """

    def __init__(self, operations: Iterable[Operation], sockets: Iterable[str] = ()) -> None:
        self._root = _Node()
        for operation in operations:
            self._add(operation)
        for path in sockets:
            self._node(path).is_socket = True

    def find(self, method: str, path: str) -> tuple[Operation, dict[str, str]]:
        """Return the operation, and the values of its path's names.

        Refuses (`not_found`) an unknown path, (`upgrade_required`) a socket's path, and
        (`bad_request`, with `allow` in its details) a known path with another method. A literal
        segment takes precedence over a named one: `/streams/vods` is not a stream.
        """
        if "//" in path:
            raise Refused("not_found", "Not Found")
        bare = path.strip("/")
        segments = bare.split("/") if bare else []
        values: list[str] = []
        node = _walk(self._root, segments, 0, values)
        if node is None:
            raise Refused("not_found", "Not Found")
        known = "GET" if method == "HEAD" else method
        if node.is_socket and known == "GET":
            message = "This is the address of a WebSocket. Connect to it with ws:// or wss://."
            raise Refused("upgrade_required", message)
        match = node.operations.get(known)
        if match is None:
            allow = ", ".join(sorted(node.operations)) or "GET"
            message = f"Method Not Allowed: this path takes {allow}."
            raise Refused("bad_request", "Method Not Allowed", allow=allow, message=message)
        operation, names = match
        return operation, dict(zip(names, values, strict=True))

    def _add(self, operation: Operation) -> None:
        node = self._node(operation.path)
        if operation.method in node.operations:
            raise ValueError(f"{operation.method} {operation.path} is in the table twice")
        node.operations[operation.method] = (operation, path_names(operation.path))

    def _node(self, path: str) -> _Node:
        """Return the node of a path, which is made if it is missing."""
        node = self._root
        for segment in path.strip("/").split("/"):
            if segment.startswith("{"):
                node.named = node.named or _Node()
                node = node.named
            else:
                node = node.literal.setdefault(segment, _Node())
        return node


def _walk(node: _Node, segments: list[str], depth: int, values: list[str]) -> _Node | None:
    if depth == len(segments):
        return node if node.operations or node.is_socket else None
    literal = node.literal.get(segments[depth])
    if literal and (match := _walk(literal, segments, depth + 1, values)):
        return match
    if node.named is None:
        return None
    values.append(segments[depth])
    match = _walk(node.named, segments, depth + 1, values)
    if match is None:
        values.pop()
    return match
