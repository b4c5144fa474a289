"""Seed files: the project's own is without a mistake, and a person's is told each of theirs."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from emulator.core.errors import Refused
from emulator.seeds import file
from emulator.seeds.check import check


def test_the_default_seed_has_no_mistake() -> None:
    path = Path(__file__).parents[3] / "fixtures" / "seed.yaml"
    assert check(yaml.compose(path.read_text("utf-8"))) == []


def refusal(tmp_path: Path, text: str) -> str:
    path = tmp_path / "seed.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(Refused) as refused:
        file.read(str(path))
    return refused.value.sentence.replace(str(path), "seed.yaml")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("usres: []", "seed.yaml:1:1: usres is not known here; did you mean users?"),
        ("users: ada", "seed.yaml:1:8: Write a list here"),
        ("users:\n  - {name: ada}", "seed.yaml:2:5: username is missing."),
        ("users:\n  - username: a b", "seed.yaml:2:15: 'a b' will not do. Write it like ada_1815."),
        ("users:\n  - username: ada\n    role: BOSS", "seed.yaml:3:11: Write one of USER, ADMIN"),
        ("users:\n  - username: ada\n    followers: many", "seed.yaml:3:16: Write a whole"),
        (
            "users:\n  - {username: ada, username: bob}",
            "seed.yaml:2:21: username stands here twice",
        ),
        ("tags: [ai, [x]]", "seed.yaml:1:12: Write a text here."),
        ("categories:\n  - {name: X, slug: x, is_active: maybe}", "seed.yaml:2:35: Write true"),
        (
            "streams:\n  - {owner: a, title: t, began: soon, peak: 1}",
            "seed.yaml:2:33: 'soon' will not do. Write it like 2h10m.",
        ),
        (
            "streams:\n  - {owner: a, title: t, began: 1h, peak: 1, countries: {US: 4}}",
            "seed.yaml:2:62: Write a share here, such as 40%.",
        ),
        (
            "streams:\n  - {owner: a, title: t, began: 2h, peak: 1,\n"
            "     chapters: [{title: x, at: 1m}]}",
            "seed.yaml:3:16: Chapters are of a recording. Add a line ran: ...",
        ),
        (
            "streams:\n  - {owner: a, title: t, began: 2h, ran: 1h, peak: 1, chapters: [\n"
            "      {title: x, at: 5m},\n      {title: y, at: 4m}, {title: z, at: 1h}]}",
            "seed.yaml:4:22: Chapters follow each other, within 1h.\n"
            "seed.yaml:4:42: Chapters follow each other, within 1h.",
        ),
        ("schedules:\n  - {user: a, days: [mondy]}", "did you mean monday?"),
        ("- a list", "seed.yaml:1:1: Write names and values here"),
        ("users: [", "is not YAML"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_what_to_write(
    tmp_path: Path, text: str, told: str
) -> None:
    assert told in refusal(tmp_path, text)


def test_all_mistakes_are_told_at_once_in_the_order_of_their_lines(tmp_path: Path) -> None:
    lines = refusal(tmp_path, "tags: 7\nusers:\n  - {usrname: ada}\n").splitlines()
    assert [line.split(":")[1] for line in lines] == ["1", "3", "3"]


def test_a_file_that_is_not_there_or_too_large_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="cannot be read"):
        file.read(str(tmp_path / "missing.yaml"))
    large = tmp_path / "large.yaml"
    large.write_bytes(b"#" * (4 * 2**20 + 1))
    with pytest.raises(Refused, match="larger than"):
        file.read(str(large))


def test_an_empty_file_is_an_empty_seed(tmp_path: Path) -> None:
    path = tmp_path / "seed.yaml"
    path.write_text("", "utf-8")
    assert list(file.read(str(path)).users) == []


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["users", "username", "streams", "x", "tags"]), inner)
    ),
    max_leaves=20,
)


@given(values)
def test_no_content_whatever_breaks_the_check(value: object) -> None:
    for mistake in check(yaml.compose(yaml.safe_dump(value))):
        assert mistake.line >= 1
        assert mistake.sentence
