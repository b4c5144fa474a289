"""Examples: one value for each schema, always the same, with realistic words."""

import re
from typing import Any

from emulator.web.openapi.shapes import Schema

_ID = "6f1e9c52-8d0b-4f6e-9a57-3c2f1f0a7d11"
_UID = "0123456789abcdef0123456789abcdef"
_TIME = "2026-01-01T18:30:00.000Z"
_DEPTH_MAX = 6

# The begin of a file of each type.
FILES = {
    "text/csv": f"timestamp,viewer_count\r\n{_TIME},12\r\n",
    "text/markdown": "# My First Stream\n",
    "text/html": "<!doctype html>\n",
    "text/event-stream": 'id: 1\nevent: StreamCreated\ndata: {"seq":1}\n\n',
    "text/plain": "live_emulator_worlds 1\n",
    "application/json": "{}",
    "application/schema+json": "{}",
    "application/zip": "PK",
    "image/svg+xml": '<svg xmlns="http://www.w3.org/2000/svg"/>',
}

# Examples by field name; all others follow from the schema.
_WORDS: dict[str, Any] = {
    "title": "My First Stream",
    "description": "Live coding session",
    "username": "urbantech",
    "display_name": "Urban Tech",
    "email": "urbantech@example.com",
    "password": "demo123456",
    "new_password": "demo654321",
    "content": "Hello, chat!",
    "name": "Python",
    "slug": "python",
    "stream_key": "live_" + "x" * 32,
    "session_name": "Pair programming",
    "start_time": "10:00",
    "end_time": "14:00",
    "country_code": "DE",
    "detail": "Stream not found",
    "message": "Stream not found",
    "code": "123456",
    "tags": ["ai", "python"],
    "cloudflare_video_id": _UID,
    "content_warning": "Flashing lights",
    "renditions": ["480p"],
    "file": "What the file holds",
    # The documented placeholder, which means no category.
    "category_id": "...",
}
_NUMBERS: dict[str, float] = {
    "end_time": 30,
    "end_time_seconds": 60,
    "duration": 30,
    "time_seconds": 1.5,
    "width": 1280,
    "height": 720,
    "bitrate": 2_500_000,
}


class Examples:
    """Makes examples of schemas that refer to these components."""

    def __init__(self, components: dict[str, Schema]) -> None:
        self._components = components

    def of(self, schema: Schema, name: str = "", depth: int = 0) -> Any:
        """Return a value that fits the schema."""
        if "$ref" in schema:
            schema = self._components[schema["$ref"].rpartition("/")[2]]
            return self.of(schema, name, depth)
        if schema.get("examples"):
            return schema["examples"][0]
        for text in ("const", "default"):
            if schema.get(text) is not None:
                return schema[text]
        if "enum" in schema:
            return schema["enum"][0]
        if "anyOf" in schema:
            return self.of(schema["anyOf"][0], name, depth)
        kind = schema.get("type")
        return self._of_kind(kind[0] if isinstance(kind, list) else kind, schema, name, depth)

    def _of_kind(self, kind: str | None, schema: Schema, name: str, depth: int) -> Any:
        if kind == "object":
            return self._object(schema, depth)
        if kind == "array":
            return self._array(schema, name, depth)
        if kind == "string":
            return _text(schema, name)
        if kind in ("integer", "number"):
            return _number(schema, name)
        return False if kind == "boolean" else None

    def _object(self, schema: Schema, depth: int) -> dict[str, Any]:
        if depth > _DEPTH_MAX:
            return {}
        properties: dict[str, Schema] = schema.get("properties", {})
        return {name: self.of(item, name, depth + 1) for name, item in properties.items()}

    def _array(self, schema: Schema, name: str, depth: int) -> list[Any]:
        items: Schema = schema.get("items", {})
        if isinstance(_WORDS.get(name), list) and items.get("type") == "string":
            return list(_WORDS[name])
        # A recursive schema would never end.
        return [] if depth > 2 or not items else [self.of(items, name, depth + 1)]


def _number(schema: Schema, name: str) -> Any:
    least: float = schema.get("minimum", 0)
    usual = _NUMBERS.get(name, least)
    most: float = schema.get("maximum", usual)
    return usual if least <= usual <= most else least


def _text(schema: Schema, name: str) -> str:
    form = schema.get("format")
    if form == "uuid":
        return _ID
    if form == "date-time":
        return _TIME
    if "[0-9a-f]{32}" in schema.get("pattern", ""):
        return _UID
    word = _WORDS.get(name)
    if isinstance(word, str):
        return word if re.search(schema.get("pattern", ""), word) else word.lower()
    if name.endswith("url"):
        return "http://127.0.0.1:8787/"
    return "text"
