"""Names of a simulated crowd: numbered ones, or such as people choose."""

from typing import Final

# The word that stands for these in place of a prefix.
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
    """The name of the crowd's member `number`, counted from 1: `fan_7` for `fan`."""
    if names != PEOPLE:
        return f"{names}_{number}"
    rounds, index = divmod(number - 1, len(_PEOPLE))
    return f"{_PEOPLE[index]}{rounds + 1 if rounds else ''}"
