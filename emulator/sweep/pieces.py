"""Pieces: the parts that can be removed from a scenario's text, and the smaller text.

Texts are cut by lines, so that comments and formatting stay. Entries in braces or brackets on one
line are never cut. `load` decides whether a smaller text is still a valid scenario. Pure.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import yaml
from msgspec import Struct

_BLANKS = re.compile(r"\n(?:[ \t]*\n){2,}")
_LISTS = ("timeline",)
_FACTS = ("expect", "throughout", "never")


class Piece(Struct, frozen=True, order=True):
    """One entry of a timeline, or one expectation: lines `first` to `last`, counted from 0."""

    file: str
    first: int
    last: int


def pieces(texts: Mapping[str, str]) -> list[Piece]:
    """The pieces of scenario files, given by name, in order. A file that is not YAML has none."""
    result = []
    for file, text in texts.items():
        root = _root(text)
        for key, value in root.value if isinstance(root, yaml.MappingNode) else ():
            for start, end in _entries(key.value, value):
                result.append(Piece(file, *_trimmed(text.split("\n"), start, end)))
    return result


def without(texts: Mapping[str, str], removed: Collection[Piece]) -> dict[str, str]:
    """The texts without these pieces."""
    result = {}
    for file, text in texts.items():
        gone = {
            line for piece in removed if piece.file == file
            for line in range(piece.first, piece.last + 1)
        }  # fmt: skip
        lines = text.split("\n")
        left = [line for number, line in enumerate(lines) if number not in gone]
        result[file] = _BLANKS.sub("\n\n", "\n".join(left)) if gone else text
    return result


def with_values(text: str, seed: int, values: Mapping[str, Any]) -> str:
    """The scenario's text with another seed, and other defaults of parameters."""
    root = _root(text)
    assert isinstance(root, yaml.MappingNode)
    parts = {key.value: (key, value) for key, value in root.value}
    edits = []
    if "seed" in parts:
        edits.append(_replacing(parts["seed"][1], str(seed)))
    else:
        end = parts["scenario"][1].end_mark.index
        edits.append((end, end, f"\nseed: {seed}"))
    params = parts["params"][1] if "params" in parts else None
    for key, param in params.value if isinstance(params, yaml.MappingNode) else ():
        if key.value in values and isinstance(param, yaml.MappingNode):
            edits.append(_default(param, str(values[key.value])))
    for start, end, replacement in sorted(edits, reverse=True):
        text = text[:start] + replacement + text[end:]
    return text


def _root(text: str) -> yaml.Node | None:
    try:
        return yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError:
        return None


def _entries(name: str, node: yaml.Node) -> Iterator[tuple[int, int]]:
    """The lines of each entry, from its first to the line before the next entry."""
    if not isinstance(node, yaml.CollectionNode) or node.flow_style:
        return
    is_facts = isinstance(node, yaml.MappingNode)
    if name not in (_FACTS if is_facts else (*_LISTS, *_FACTS)):
        return
    inner = [item[0] if is_facts else item for item in node.value]
    starts = [item.start_mark.line for item in inner]
    end = node.end_mark.line + (node.end_mark.column > 0)
    for start, after in zip(starts, [*starts[1:], end], strict=True):
        yield start, after - 1


def _trimmed(lines: list[str], start: int, end: int) -> tuple[int, int]:
    """The lines of an entry: comments right above it belong to it, those below to the next one."""
    while end > start and _is_comment_or_blank(lines[end]):
        end -= 1
    while start and lines[start - 1].lstrip().startswith("#"):
        start -= 1
    return start, end


def _is_comment_or_blank(line: str) -> bool:
    return not line.strip() or line.lstrip().startswith("#")


def _replacing(node: yaml.Node, replacement: str) -> tuple[int, int, str]:
    return node.start_mark.index, node.end_mark.index, replacement


def _default(param: yaml.MappingNode, value: str) -> tuple[int, int, str]:
    for key, node in param.value:
        if key.value == "default":
            return _replacing(node, value)
    first = param.value[0][0].start_mark
    gap = ", " if param.flow_style else "\n" + " " * first.column
    return first.index, first.index, f"default: {value}{gap}"
