"""Seed files: the project's own has no error, and each error of a user's file is reported."""

from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emulator.core.clock import ManualClock
from emulator.core.errors import Refused
from emulator.seeding import file
from emulator.seeding.check import check
from emulator.seeding.references import references
from emulator.seeding.seed import Seed
from emulator.seeding.template import Template, seed_state
from emulator.world.live import streams
from emulator.world.rules import RulesConfig
from emulator.world.world import World


def test_seed_file_default_seed_has_no_error() -> None:
    path = Path(__file__).parents[3] / "fixtures" / "seed.yaml"
    root = yaml.compose(path.read_text("utf-8"))
    assert root is not None
    assert check(root) == []
    assert references(root) == []


def test_seed_file_example_of_the_page_is_valid(tmp_path: Path) -> None:
    page = (Path(__file__).parents[3] / "docs/reference/seed.md").read_text("utf-8")
    path = tmp_path / "mine.yaml"
    path.write_text(page.partition("```yaml\n")[2].partition("```")[0], "utf-8")
    world = world_of(file.read(str(path)))
    titles = [
        (stream.title, stream.status) for stream in streams.select(world, "ORDER BY streams.row")
    ]
    assert sorted(titles) == [("Last time", "ended"), ("Typed services", "live")]
    world.close()


def world_of(seed: Seed) -> World:
    with closing(Template(seed_state(seed, RulesConfig()))) as template:
        return template.make(ManualClock(), lambda _: None, RulesConfig(), "mine")


def refusal(tmp_path: Path, text: str) -> str:
    path = tmp_path / "seed.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(Refused) as refused:
        file.read(str(path))
    return refused.value.message.replace(str(path), "seed.yaml")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("usres: []", "seed.yaml:1:1: usres is not known here; did you mean users?"),
        ("users: ada", "seed.yaml:1:8: Write a list here"),
        ("users:\n  - {name: ada}", "seed.yaml:2:5: username is missing."),
        ("users:\n  - username: a b", "seed.yaml:2:15: 'a b' is invalid. Write it like ada_1815."),
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
            "seed.yaml:2:33: invalid duration 'soon'; write it like 500ms, 10s, 1m30s or 1.5h.",
        ),
        (
            "streams:\n  - {owner: a, title: t, began: 1h, peak: 1, countries: {US: 4}}",
            "seed.yaml:2:62: invalid share '4'; write it like 30% or 0.3; it is from 0% to 100%.",
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
def test_seed_file_error_has_its_line_and_a_remedy(tmp_path: Path, text: str, message: str) -> None:
    assert message in refusal(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "categories:\n  - &a {name: A, slug: a, children: [*a]}",
            "seed.yaml:2:37: This stands more",
        ),
        (
            "tags:\n  - &a [x, x, x, x, x, x, x, x]\n"
            + "".join(f"  - &{b} [{', '.join([f'*{a}'] * 8)}]\n" for a, b in pairwise("abcdefgh")),
            "A seed has at most 400000 values. Write fewer.",
        ),
    ],
    ids=["in itself", "a bomb"],
)
def test_seed_file_alias_counts_as_its_target(tmp_path: Path, text: str, message: str) -> None:
    assert message in refusal(tmp_path, text)


def test_seed_file_errors_are_listed_together_in_line_order(tmp_path: Path) -> None:
    lines = refusal(tmp_path, "tags: 7\nusers:\n  - {usrname: ada}\n").splitlines()
    assert [line.split(":")[1] for line in lines] == ["1", "3", "3"]


def test_seed_file_missing_or_too_large_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="cannot be read"):
        file.read(str(tmp_path / "missing.yaml"))
    with pytest.raises(Refused, match="null character"):
        file.read("x\0")
    large = tmp_path / "large.yaml"
    large.write_bytes(b"#" * (4 * 2**20 + 1))
    with pytest.raises(Refused, match="larger than"):
        file.read(str(large))


def test_seed_file_empty_platform_has_one_account_with_all_rights() -> None:
    world = world_of(file.read("none"))
    (demo,) = world.store.rows("SELECT username, role, tenant_id FROM users")
    assert (demo["username"], demo["role"]) == ("demo", "ADMIN")
    assert demo["tenant_id"] is not None
    for table in ("streams", "categories", "tags", "vods", "weekly_schedules"):
        assert world.store.number(f"SELECT count(*) FROM {table}") == 0
    world.close()


def test_seed_file_empty_file_is_an_empty_seed(tmp_path: Path) -> None:
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
def test_seed_file_any_content_passes_or_fails_the_check_cleanly(value: object) -> None:
    for error in check(yaml.compose(yaml.safe_dump(value))):
        assert error.line >= 1
        assert error.message


ADA = "users:\n  - {username: ada}\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            f"{ADA}streams:\n  - {{owner: adda, title: t, began: 1h, peak: 1}}",
            "seed.yaml:4:13: There is no user adda; did you mean ada?",
        ),
        (
            f"{ADA}streams:\n  - {{owner: ada, title: t, began: 1h, peak: 1, category: rust}}",
            "seed.yaml:4:58: There is no category rust. There are none.",
        ),
        (
            f"{ADA}streams:\n  - {{owner: ada, title: t, began: 1h, ran: 2h, peak: 1}}",
            "seed.yaml:4:44: It began 1h ago, so it ran for at most that long.",
        ),
        (
            f"{ADA}streams:\n  - {{owner: ada, title: t, began: 1h, peak: 1, viewers: 2}}",
            "seed.yaml:4:57: Its peak is 1, so at most that many watch now.",
        ),
        (
            f"{ADA}streams:\n  - {{owner: ada, title: t, began: 1h, peak: 1,\n"
            "     chat: [{by: bob, says: hi}]}",
            "seed.yaml:5:18: There is no user bob",
        ),
        (f"{ADA}  - {{username: Ada}}", "seed.yaml:3:16: user Ada stands in line 2 already."),
        (
            f"{ADA}  - {{username: bob, email: ADA@example.com}}",
            "seed.yaml:3:28: mail address ADA@example.com stands in line 2 already.",
        ),
        (
            f"{ADA}  - {{username: bob, follows: [ada, ada, bob, eve]}}",
            "seed.yaml:3:36: whom bob follows, ada stands in line 3 already. Write another one.\n"
            "seed.yaml:3:41: Nobody follows themselves. Remove it.\n"
            "seed.yaml:3:46: There is no user eve",
        ),
        ("tags: [ai, AI]", "seed.yaml:1:12: tag AI stands in line 1 already."),
        (
            "categories:\n  - {name: A, slug: a, children: [{name: B, slug: a}]}",
            "seed.yaml:2:51: category a stands in line 2 already.",
        ),
        (
            f"{ADA}schedules:\n"
            "  - {user: ada, days: [monday], from: '10:00', to: '09:00', title: t}",
            "seed.yaml:4:52: Write a time after 10:00 here.",
        ),
        (
            f"{ADA}schedules:\n"
            "  - {user: ada, days: [monday, friday], from: '10:00', to: '12:00', title: t}\n"
            "  - {user: ada, days: [friday], from: '11:00', to: '13:00', title: t}",
            "seed.yaml:5:24: ada has something else on friday then.",
        ),
    ],
)
def test_seed_file_inconsistent_entries_are_errors_with_lines(
    tmp_path: Path, text: str, message: str
) -> None:
    assert message in refusal(tmp_path, text)


NAMES = st.sampled_from(["ada", "Ada", "bob", "demo"])
SLUGS = st.sampled_from(["rust", "web"])
AGO = st.sampled_from(["1h", "2h", "30m"])
STREAMS = st.fixed_dictionaries(
    {"owner": NAMES, "title": st.just("t"), "began": AGO, "peak": st.integers(0, 9)},
    optional={
        "category": SLUGS,
        "ran": AGO,
        "viewers": st.integers(0, 9),
        "tags": st.lists(st.sampled_from(["a", "A", "b"]), max_size=3),
        "chat": st.lists(st.fixed_dictionaries({"by": NAMES, "says": st.just("hi")}), max_size=2),
    },
)
SEEDS = st.fixed_dictionaries(
    {
        "users": st.lists(
            st.fixed_dictionaries(
                {"username": NAMES},
                optional={
                    "follows": st.lists(NAMES, max_size=2),
                    "followers": st.integers(0, 3),
                    "email": st.sampled_from(["ada@example.com", "x@example.com"]),
                },
            ),
            max_size=3,
        ),
        "categories": st.lists(
            st.fixed_dictionaries({"name": st.just("N"), "slug": SLUGS}), max_size=2
        ),
        "tags": st.lists(st.sampled_from(["a", "A", "b"]), max_size=3),
        "streams": st.lists(STREAMS, max_size=2),
        "schedules": st.lists(
            st.fixed_dictionaries(
                {
                    "user": NAMES,
                    "days": st.lists(st.sampled_from(["monday", "friday"]), min_size=1, max_size=2),
                    "from": st.sampled_from(["09:00", "10:00"]),
                    "to": st.sampled_from(["09:30", "11:00"]),
                    "title": st.just("t"),
                }
            ),
            max_size=2,
        ),
    }
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(SEEDS)
def test_seed_file_any_valid_content_can_be_applied(
    tmp_path: Path, content: dict[str, object]
) -> None:
    path = tmp_path / "seed.yaml"
    path.write_text(yaml.safe_dump(content), "utf-8")
    try:
        seed = file.read(str(path))
    except Refused:
        return
    Template(seed_state(seed, RulesConfig())).close()
