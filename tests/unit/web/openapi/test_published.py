"""The documents still describe every operation as before."""

import re

from tests.support import node_client, published


def test_openapi_documents_are_unchanged_since_publication() -> None:
    lines = published.FILE.read_text("utf-8").splitlines()
    assert published.lines() == lines, "after a wanted change: python -m tests.support.published"


def test_openapi_types_for_node_are_current() -> None:
    hash_ = node_client.STAMP.read_text("utf-8").strip()
    assert node_client.source_hash() == hash_, "run `make client`"


def test_openapi_operations_have_chosen_names() -> None:
    names = [line.split()[3] for line in published.lines()]
    assert all(re.fullmatch(r"[a-z]+(?:_[a-z]+)*", name) for name in names)
