"""The reference page of faults has every kind, with every value."""

import re

from emulator.world.faults.fault import values_of
from emulator.world.faults.kinds import KINDS
from tests.support.docs import PROJECT
from tests.support.tables import table

PAGE = PROJECT / "docs/how-to/faults.md"
_ROW = re.compile(r"^\| `([a-z]+\.[a-z]+)` \|.*\|(.*)\|$", re.MULTILINE)


def test_faults_page_lists_every_kind_and_no_other() -> None:
    assert [row[0] for row in _ROW.findall(PAGE.read_text("utf-8"))] == list(KINDS)


@table("kind", KINDS)
def test_faults_page_lists_every_value_with_its_default(kind: str) -> None:
    payload = dict(_ROW.findall(PAGE.read_text("utf-8")))[kind]
    known = [value.written for value in values_of(KINDS[kind]).values()]
    assert sorted(re.findall(r"`(\w+)`", payload)) == sorted(known)
