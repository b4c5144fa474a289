import pytest

from emulator.core.errors import Refused
from emulator.world.live import streams
from emulator.world.live.streams import StreamPatch
from emulator.world.people import accounts
from emulator.world.people.accounts import User
from emulator.world.rules import RulesConfig
from emulator.world.world import World


def test_accounts_issued_key_names_its_account(world: World, ada: User) -> None:
    assert accounts.by_api_key(world, "ak_demo_ada") == ada


def test_accounts_auto_key_creates_its_account_once(world: World) -> None:
    user = accounts.by_api_key(world, "ak_auto_grace")

    assert user.username == "grace"
    assert accounts.by_api_key(world, "ak_auto_grace") == user


def test_accounts_auto_key_of_an_existing_name_names_that_account(world: World, ada: User) -> None:
    assert accounts.by_api_key(world, "ak_auto_ada") == ada


@pytest.mark.parametrize(
    "key",
    ["ak_auto_", "ak_auto_../x", "ak_auto_..", "ak_unknown", "", "ak_auto_" + "x" * 51],
)
def test_accounts_any_other_key_is_refused(world: World, key: str) -> None:
    with pytest.raises(Refused) as refused:
        accounts.by_api_key(world, key)
    assert refused.value.code == "unauthorized"


def test_accounts_strict_auth_creates_none(world: World) -> None:
    world.rules = RulesConfig(is_auth_strict=True)

    with pytest.raises(Refused):
        accounts.by_api_key(world, "ak_auto_grace")


@pytest.mark.usefixtures("ada")
def test_accounts_name_is_unique(world: World) -> None:
    with pytest.raises(Refused) as refused:
        accounts.make(world, "ADA", email="other@example.com")
    assert refused.value.code == "conflict"


def test_accounts_without_an_address_get_a_free_one(world: World) -> None:
    accounts.make(world, "grace_hopper", email="Grace@example.com")

    assert accounts.by_api_key(world, "ak_auto_grace").email == "grace+2@example.com"


def test_accounts_show_live_for_public_streams_only(world: World, ada: User) -> None:
    stream = streams.create(world, ada, StreamPatch({"title": "x", "visibility": "private"}))
    streams.start(world, stream)
    assert not accounts.find(world, ada.id).is_live

    streams.update(world, stream, StreamPatch({"visibility": "public"}))

    assert accounts.find(world, ada.id).is_live
