"""`contract`: what of the platform is served, how sure that is, and how it compares."""

import argparse
import json
from collections import Counter
from pathlib import Path
from typing import Any

from emulator.cli import Failed
from emulator.cli.lib.api import Api, ApiError
from emulator.cli.lib.colour import paint
from emulator.cli.lib.progress import Progress

NAME = "contract"
HELP = "list the endpoints, or compare them with another document or recorded requests"
EXAMPLES = """
  live-emulator contract
  live-emulator contract -v
  live-emulator contract --json
  live-emulator contract --diff https://api.example.com/openapi.json
  live-emulator contract --check capture.har
"""

_PREFIX = "/api/v1"
_WRONG_KEY = "ak_wrong"


def configure(parser: argparse.ArgumentParser) -> None:
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument(
        "--diff", metavar="FILE|URL", help="compare with another OpenAPI 3 document"
    )
    choice.add_argument(
        "--check",
        metavar="FILE",
        help="replay recorded requests of the platform (HAR or JSONL), and compare the answers",
    )
    parser.add_argument(
        "-v", "--verbose", action="store_true", help="list the tests of each endpoint"
    )
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def run(args: argparse.Namespace) -> int:
    if args.diff:
        return _diff(args.diff, args.json)
    if args.check:
        return _check(Path(args.check), args.json)
    return _coverage(args)


def _coverage(args: argparse.Namespace) -> int:
    from emulator.web.api.table import OPERATIONS
    from emulator.web.openapi.tested import tested_by

    tested = tested_by()
    rows = [
        {
            "method": operation.method,
            "path": operation.path,
            "provenance": operation.provenance,
            "tested_by": tested.get(f"{operation.method} {operation.path}", []),
        }
        for operation in OPERATIONS
    ]
    if args.json:
        print(json.dumps(rows, indent=1))
        return 0
    width = max(len(operation.path) for operation in OPERATIONS)
    for row in rows:
        tests = row["tested_by"]
        count = paint(f"{len(tests)} test{'s' * (len(tests) != 1)}", None if tests else "yellow")
        print(f"{row['method']:6}  {row['path']:{width}}  {row['provenance']:10}  {count}")
        if args.verbose:
            print("".join(f"        {paint(name, 'dim')}\n" for name in tests), end="")
    counts = Counter(str(row["provenance"]) for row in rows)
    said = ", ".join(f"{count} {name}" for name, count in counts.most_common())
    print(f"\n{len(rows)} operations: {said}.")
    return 0


def _diff(source: str, is_json: bool) -> int:
    from emulator.web.openapi.compare import NoDocument, compare
    from emulator.web.openapi.routes import document

    try:
        results = compare(document("documented"), _document(source))
    except NoDocument as refusal:
        raise Failed(f"{source}: {refusal}", 2) from None
    if is_json:
        print(
            json.dumps(
                [{"operation": d.operation, "kind": d.kind, "message": d.message} for d in results]
            )
        )
    else:
        for difference in results:
            print(f"{difference.operation}\n    {difference.kind}: {difference.message}")
        print(_count(len(results), source))
    return 1 if results else 0


def _count(count: int, source: str) -> str:
    if not count:
        return "No differences."
    noun = "difference" if count == 1 else "differences"
    return f"{count} {noun} (here: this emulator; there: {source})."


def _document(source: str) -> Any:
    try:
        is_address = "://" in source
        content = Api(_origin(source)).fetch(source) if is_address else Path(source).read_bytes()
        return json.loads(content)
    except ApiError as refusal:
        raise Failed(f"{source} cannot be fetched: {refusal.message}", 2) from None
    except OSError as failure:
        raise Failed(f"{source} cannot be read: {failure.strerror}.", 2) from None
    except ValueError as failure:
        raise Failed(f"{source} is not JSON: {failure}.", 2) from None


def _origin(address: str) -> str:
    """The server in a URL, for the error if it does not answer."""
    return "/".join(address.split("/")[:3])


def _check(path: Path, is_json: bool) -> int:
    """Replay a capture in a fresh world."""
    from emulator.server import running
    from emulator.settings import Settings
    from emulator.web.openapi.captures import NoCapture, read

    try:
        exchanges = read(path.read_text("utf-8"))
    except OSError as failure:
        raise Failed(f"{path} cannot be read: {failure.strerror}.", 2) from None
    except (NoCapture, UnicodeDecodeError) as refusal:
        raise Failed(f"{path}: {refusal}", 2) from None
    settings = Settings(
        data=":memory:", port=0, rtmp_port=0, rtmps_port=0, stream_creations_per_minute=0
    )
    with running(settings) as emulator:
        payloads = _Replay(emulator.local["http"]).run(exchanges, Progress("replaying"))
    if is_json:
        print(json.dumps(payloads, indent=1))
    else:
        for item in payloads:
            if item["differences"]:
                print(f"{item['number']}: {item['method']} {item['path']}")
                print("".join(f"    {line}\n" for line in item["differences"]), end="")
    count = sum(bool(item["differences"]) for item in payloads)
    if not is_json:
        print(f"{len(payloads)} requests replayed, {count} answered differently.")
    return 1 if count else 0


class _Replay:
    """One replay of a capture. Its first caller is `demo`; the others are made when they appear.

    A caller that got only 401 had a wrong key, and gets one here, too.
    """

    def __init__(self, url: str) -> None:
        from emulator.web.openapi.captures import Names

        self._url = url
        self._names = Names()
        self._keys: dict[str, str] = {"": ""}
        self._callers = 0

    def run(self, exchanges: list[Any], progress: Progress) -> list[dict[str, Any]]:
        from emulator.web.openapi.captures import differences

        known = {exchange.key for exchange in exchanges if exchange.status != 401}
        self._keys |= {
            exchange.key: _WRONG_KEY for exchange in exchanges if exchange.key not in known | {""}
        }
        rows: list[dict[str, Any]] = []
        progress.total = len(exchanges)
        for exchange in exchanges:
            progress.show(len(rows), f"{exchange.method} {exchange.path}")
            status, response = self._ask(exchange)
            if status == exchange.status:
                self._names.learn(exchange.response, response)
            rows.append(
                {
                    "number": exchange.number,
                    "method": exchange.method,
                    "path": exchange.path,
                    "differences": differences(exchange, status, response),
                }
            )
        progress.end()
        return rows

    def _key_of(self, caller: str) -> str:
        if caller not in self._keys:
            self._callers += 1
            is_first = self._callers == 1
            self._keys[caller] = "ak_demo" if is_first else f"ak_auto_caller{self._callers}"
        return self._keys[caller]

    def _ask(self, exchange: Any) -> tuple[int, Any]:
        key = self._names.known.get(exchange.key) or self._key_of(exchange.key)
        path = self._names.translate(exchange.path)
        if not path.startswith(("/api/", "/v1/")):
            path = _PREFIX + path
        return Api(self._url, key or "none").exchange(
            exchange.method, path, self._names.translate(exchange.body), is_anonymous=not key
        )
