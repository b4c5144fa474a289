"""Names of a simulated crowd: a prefix with a number, or names like those that people choose."""

from typing import Final

# This word in place of a prefix selects the names below.
PEOPLE: Final = "people"

_PEOPLE: Final = (
    *("mira", "jonas_k", "tomcat", "lena.codes", "kofi", "ana_lucia", "pixelpete", "yuki"),
    *("samir", "nora_b", "devdan", "clara", "okan", "priya", "lucas.m", "zoe"),
    *("bytewise", "hanna", "ravi", "moth", "ines", "patchwork", "omar", "freya"),
    *("night_owl", "theo", "linh", "greta", "semicolon", "amara", "piotr", "quokka"),
    *("elif", "marta", "stackhouse", "ben_io", "aiko", "rosa", "nullpointer", "emil"),
    *("fatima", "coffeebreak", "sven", "ioana", "tabs4ever", "diego", "mei", "ruben"),
    *("kaya", "lo_fi", "bianca", "noor", "rubberduck", "anton", "sofie", "mateo"),
    *("juno", "terminal_joe", "ella", "hugo"),
)


def username(names: str, number: int) -> str:
    """Return the name of the crowd's member `number`, counted from 1: `fan_7` for `fan`."""
    if names != PEOPLE:
        return f"{names}_{number}"
    rounds, index = divmod(number - 1, len(_PEOPLE))
    return f"{_PEOPLE[index]}{rounds + 1 if rounds else ''}"
