import pytest

from emulator.core.errors import Refused
from emulator.world.people import accounts
from emulator.world.people.accounts import User
from emulator.world.rules import Rules
from emulator.world.world import World


def test_an_issued_key_names_its_account(world: World, ada: User) -> None:
    assert accounts.by_api_key(world, "ak_demo_ada") == ada


def test_an_auto_key_makes_its_account_once(world: World) -> None:
    made = accounts.by_api_key(world, "ak_auto_grace")

    assert made.username == "grace"
    assert accounts.by_api_key(world, "ak_auto_grace") == made


def test_an_auto_key_of_a_name_that_lives_here_names_that_account(world: World, ada: User) -> None:
    assert accounts.by_api_key(world, "ak_auto_ada") == ada


@pytest.mark.parametrize(
    "key", ["ak_auto_", "ak_auto_../x", "ak_unknown", "", "ak_auto_" + "x" * 51]
)
def test_any_other_key_is_refused(world: World, key: str) -> None:
    with pytest.raises(Refused) as refused:
        accounts.by_api_key(world, key)
    assert refused.value.code == "unauthorized"


def test_strict_auth_makes_no_accounts(world: World) -> None:
    world.rules = Rules(is_auth_strict=True)

    with pytest.raises(Refused):
        accounts.by_api_key(world, "ak_auto_grace")


@pytest.mark.parametrize("name", ["grace", "GRACE", "grace@example.com"])
def test_a_person_logs_in_by_name_or_mail(world: World, name: str) -> None:
    kept = accounts.hash_password(world, "demo123456")
    grace = accounts.make(world, "grace", password_hash=kept)

    assert accounts.log_in(world, name, "demo123456") == grace


@pytest.mark.usefixtures("ada")
@pytest.mark.parametrize(("name", "password"), [("ada", "wrong"), ("nobody", "x"), ("ada", "")])
def test_a_wrong_login_gets_one_sentence(world: World, name: str, password: str) -> None:
    with pytest.raises(Refused, match=r"^Incorrect email or password$"):
        accounts.log_in(world, name, password)


@pytest.mark.usefixtures("ada")
def test_a_name_lives_here_once(world: World) -> None:
    with pytest.raises(Refused) as refused:
        accounts.make(world, "ADA", email="other@example.com")
    assert refused.value.code == "conflict"
