"""Setup: the world before the run begins: its people, streams, categories and rules."""

from collections.abc import Iterator
from contextlib import contextmanager

from msgspec.structs import replace

from emulator.core.errors import Refused
from emulator.core.ids import Ids
from emulator.scenario.engine.run import Run, find_stream, find_user
from emulator.scenario.language.worlds import RulesPart, StreamPart, UserPart
from emulator.world.live import categories, streams
from emulator.world.live.streams import StreamPatch
from emulator.world.people import accounts, follows
from emulator.world.rules import RulesConfig

# The rules that a file gives as durations; the rule's name has the unit.
_DURATIONS = ("reconnect_window", "vod_processing", "access_token")


def prepare(run: Run) -> None:
    """Set up the world, completely or not at all. Existing people and categories stay.

    Refuses what the world's functions refuse, such as a second stream of one owner, with its place
    in the file.
    """
    world, part = run.world, run.scenario.world
    world.rules = rules(world.rules, part.rules)
    if run.is_own_world:
        world.ids = Ids(f"scenario/{run.seed}")
    with world.change():
        for category in part.categories:
            if not _has_category(run, category.slug):
                with _placed(run, "categories", category.slug):
                    categories.make(world, category.name, category.slug)
        tenants: dict[str, str] = {}
        for user in part.users:
            with _placed(run, "users", user.name):
                _user(run, user, tenants)
        for user in part.users:
            with _placed(run, "users", user.name):
                _follow(run, user)
        for stream in part.streams:
            with _placed(run, "streams", stream.name):
                _stream(run, stream)


@contextmanager
def _placed(run: Run, list_name: str, name: str) -> Iterator[None]:
    """Begin a refusal's message with the place in the file of the thing that is set up."""
    try:
        yield
    except Refused as refused:
        place = run.scenario.places.get((list_name, name))
        where = f"{place}: " if place else ""
        message = refused.details.get("message", refused.message)
        raise Refused(refused.code, f"{where}{name}: {message}") from None


def rules(before: RulesConfig, part: RulesPart) -> RulesConfig:
    """The rules with a scenario's changes."""
    payload = {name: value for name, value in part.model_dump().items() if value is not None}
    names = set(RulesConfig.__struct_fields__)
    changes = {f"{name}_ms" if name in _DURATIONS else name: payload[name] for name in payload}
    return replace(before, **{name: value for name, value in changes.items() if name in names})


def _user(run: Run, part: UserPart, tenants: dict[str, str]) -> None:
    world = run.world
    if part.tenant is not None and part.tenant not in tenants:
        tenants[part.tenant] = world.ids.uuid()
    try:
        user = accounts.by_username(world, part.name)
    except Refused:
        user = accounts.make(
            world,
            part.name,
            api_key=f"ak_demo_{part.name}",
            display_name=part.display_name,
            bio=part.bio,
            followers_base=part.followers,
            tenant_id=tenants.get(part.tenant or ""),
        )
    run.users[part.name] = user.id


def _follow(run: Run, part: UserPart) -> None:
    follower = find_user(run, part.name)
    for name in part.follows:
        followed = find_user(run, name)
        if not follows.is_following(run.world, follower, followed):
            follows.follow(run.world, follower, followed)


def _stream(run: Run, part: StreamPart) -> None:
    if part.existing is not None:
        run.streams[part.name] = find_stream(run, part.existing).id
        return
    values: dict[str, object] = {
        "title": part.title,
        "visibility": part.visibility,
        "is_mature": part.mature,
    }
    if part.description is not None:
        values["description"] = part.description
    if part.tags:
        values["tags"] = part.tags
    if part.category is not None:
        values["category_id"] = categories.by_slug(run.world, part.category).id
    owner = find_user(run, part.owner or "")
    run.streams[part.name] = streams.create(run.world, owner, StreamPatch(values)).id


def _has_category(run: Run, slug: str) -> bool:
    try:
        categories.by_slug(run.world, slug)
    except Refused:
        return False
    return True
