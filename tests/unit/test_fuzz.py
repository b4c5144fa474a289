"""Every input of the fuzzing corpora, and each former crash, is accepted or refused."""

from pathlib import Path

import pytest

from tests.fuzz.loop import CORPUS, CRASHES
from tests.fuzz.targets import TARGETS


def inputs(name: str) -> list[Path]:
    return sorted(path for folder in (CORPUS, CRASHES) for path in (folder / name).glob("*"))


@pytest.mark.parametrize("name", TARGETS)
def test_fuzz_corpus_inputs_are_accepted_or_refused(name: str) -> None:
    paths = inputs(name)
    for path in paths:
        TARGETS[name](path.read_bytes())
    TARGETS[name](b"")
    assert paths, f"{name} has an empty corpus"


def test_fuzz_inputs_belong_to_a_target() -> None:
    names = {path.name for folder in (CORPUS, CRASHES) for path in folder.glob("*/")}
    assert names <= TARGETS.keys()
