"""Names of simulated users."""

from emulator.scenario.generators.names import PEOPLE, username
from emulator.world.people.names import is_username


def test_names_of_a_crowd_are_numbered() -> None:
    assert [username("fan", number) for number in (1, 12)] == ["fan_1", "fan_12"]


def test_names_of_people_are_usernames_and_all_differ() -> None:
    names = [username(PEOPLE, number) for number in range(1, 501)]

    assert len(set(names)) == 500
    assert names[0] == "mira"
    assert all(is_username(name) for name in names)
