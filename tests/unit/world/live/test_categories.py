import pytest

from emulator.core.errors import Refused
from emulator.core.events import Event
from emulator.core.events.live import CategoryMade
from emulator.world.library import removal
from emulator.world.live import categories, streams
from emulator.world.live.categories import Branch, Category
from emulator.world.live.streams import StreamPatch
from emulator.world.people import accounts
from emulator.world.people.accounts import User
from emulator.world.world import World
from tests.support.streams import live, make, watch
from tests.support.tables import table


@pytest.fixture
def admin(world: World) -> User:
    return accounts.make(world, "root", role="ADMIN")


def counts(world: World, slug: str) -> tuple[int, int, int]:
    category = categories.by_slug(world, slug)
    return category.stream_count, category.live_count, category.viewer_count


def test_categories_counts_follow_stream_changes(world: World) -> None:
    for slug in ("rust", "web"):
        categories.make(world, slug.title(), slug)
    rust, web = (categories.by_slug(world, slug).id for slug in ("rust", "web"))
    stream = live(world, "x", viewers=7, category_id=rust)
    waiting = make(world, "y", category_id=rust)
    assert counts(world, "rust") == (2, 1, 7)

    watch(world, stream, 3)
    streams.update(world, waiting, StreamPatch({"category_id": web}))
    assert (counts(world, "rust"), counts(world, "web")) == ((1, 1, 3), (1, 0, 0))

    streams.update(world, waiting, StreamPatch({"visibility": "private"}))
    assert counts(world, "web") == (0, 0, 0)
    streams.update(world, waiting, StreamPatch({"visibility": "public", "category_id": rust}))
    streams.update(world, stream, StreamPatch({"visibility": "unlisted"}))
    assert counts(world, "rust") == (1, 0, 0)
    streams.update(world, stream, StreamPatch({"visibility": "public"}))
    assert counts(world, "rust") == (2, 1, 3)

    streams.end(world, streams.find(world, stream.id))
    assert counts(world, "rust") == (2, 0, 0)
    removal.delete_stream(world, streams.find(world, stream.id))
    streams.update(world, streams.find(world, waiting.id), StreamPatch({"category_id": None}))
    assert counts(world, "rust") == (0, 0, 0)


def test_categories_counts_forget_streams_of_a_deleted_user(world: World) -> None:
    categories.make(world, "Rust", "rust")
    stream = live(world, "x", category_id=categories.by_slug(world, "rust").id)

    with world.change():
        world.store.write("DELETE FROM users WHERE row = ?", stream.user_pk)

    assert counts(world, "rust") == (0, 0, 0)


def test_categories_tree_has_active_categories_below_their_parents(world: World) -> None:
    categories.make(world, "A", "a")
    categories.make(world, "Closed", "closed", is_active=False)
    categories.make(world, "A1", "a1", parent_slug="a")
    categories.make(world, "A1x", "a1x", parent_slug="a1")
    categories.make(world, "Lost", "lost", parent_slug="closed")
    categories.make(world, "B", "b")

    def slugs(branches: tuple[Branch, ...]) -> list[object]:
        return [[branch.category.slug, *slugs(branch.children)] for branch in branches]

    assert slugs(categories.tree(world)) == [["a", ["a1", ["a1x"]]], ["b"]]
    assert [category.slug for category in categories.top_level(world)] == ["a", "b"]
    a = categories.by_slug(world, "a")
    assert [child.slug for child in categories.children(world, a.id)] == ["a1"]
    assert categories.by_slug(world, "closed").is_active is False


def test_categories_administrator_creates_one_with_slug_from_its_name(
    world: World, admin: User, heard: list[Event]
) -> None:
    parent = categories.create(world, admin, "Grüße, C++ & Co.", description="Hello")
    child = categories.create(world, admin, "Child", "own-slug", parent_id=parent.id)

    assert (parent.slug, parent.description, parent.is_active) == ("grusse-c-co", "Hello", True)
    assert (child.slug, child.parent_id) == ("own-slug", parent.id)
    assert heard[-1] == CategoryMade(at_ms=world.now_ms, category_id=child.id, slug="own-slug")


@table(
    ("name", "slug"),
    [
        ("AI Coding", "ai-coding"),
        ("Écran—Ω", "ecran-ω"),
        ("日本", "日本"),
        ("_a_b_", "a-b"),
        ("?!", ""),
    ],
)
def test_categories_slug_has_letters_and_digits_of_the_name(name: str, slug: str) -> None:
    assert categories.slug_of(name) == slug


def test_categories_refused_creation_creates_nothing(world: World, admin: User, ada: User) -> None:
    categories.create(world, admin, "Rust")

    def refusal(by: User, name: str, **more: str) -> str:
        with pytest.raises(Refused) as refused:
            categories.create(world, by, name, **more)
        return refused.value.code

    assert refusal(ada, "Mine") == "forbidden"
    assert refusal(admin, "RUST") == "conflict"
    assert refusal(admin, "Other", slug="rust") == "conflict"
    assert refusal(admin, "Below", parent_id="nowhere") == "not_found"
    assert refusal(admin, "?!") == "invalid"
    assert [category.slug for category in categories.active(world)] == ["rust"]


def test_categories_many_are_read_at_once(world: World) -> None:
    for slug in ("a", "b"):
        categories.make(world, slug, slug)
    a = categories.by_slug(world, "a")
    values: dict[int, Category] = categories.by_pks(world, [a.pk, a.pk, 99])
    assert values == {a.pk: a}
    assert categories.by_pks(world, []) == {}
