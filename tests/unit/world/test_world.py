from pathlib import Path

from emulator.core.clock import ManualClock
from emulator.core.events import Event
from emulator.seeding import seed
from emulator.seeding.seed import Seed
from emulator.world.auth import logins
from emulator.world.live import categories, streams
from emulator.world.live.streams import StreamPatch
from emulator.world.people import accounts
from emulator.world.world import World

SMALL = Seed(
    users=[{"username": "ada", "password": "demo123456", "followers": 7}],
    categories=[{"name": "Rust", "slug": "rust", "children": [{"name": "Wasm", "slug": "wasm"}]}],
    tags=["ai"],
)


def test_world_two_new_ones_of_one_seed_are_equal() -> None:
    journals: list[list[Event]] = []
    for _ in range(2):
        heard: list[Event] = []
        world = World(clock=ManualClock(), publish=heard.append, name="seven")
        seed.apply_seed(world, SMALL)
        ada = accounts.by_username(world, "ada")
        streams.create(world, ada, StreamPatch({"title": "x"}))
        journals.append(heard)
        world.close()

    assert journals[0] == journals[1]
    assert [type(event).__name__ for event in journals[0]][-1] == "StreamCreated"


def test_world_reopened_continues_and_never_repeats_an_id(tmp_path: Path) -> None:
    path = str(tmp_path / "world.sqlite3")
    ids: list[str] = []
    for start in range(2):
        world = World(clock=ManualClock(), publish=lambda _: None, path=path)
        assert world.is_fresh is (start == 0)
        ids.append(accounts.make(world, f"user{start}").id)
        secret = world.secret
        world.close()

    again = World(clock=ManualClock(), publish=lambda _: None, path=path)
    assert len({*ids}) == 2
    assert again.secret == secret
    assert accounts.find(again, ids[0]).username == "user0"
    again.close()


def test_world_seed_creates_people_categories_and_tags(world: World) -> None:
    seed.apply_seed(world, SMALL)

    ada = accounts.by_api_key(world, "ak_demo_ada")
    assert ada.follower_count == 7
    assert logins.log_in(world, "ada", "demo123456").user == ada
    (rust,) = categories.top_level(world)
    assert [child.slug for child in categories.children(world, rust.id)] == ["wasm"]
