import re
import uuid

from hypothesis import given
from hypothesis import strategies as st

from emulator.core.ids import Ids, number_in


def test_ids_one_seed_gives_one_sequence() -> None:
    one, other = Ids(7), Ids(7)

    assert [one.uuid(), one.uid(), one.token()] == [other.uuid(), other.uid(), other.token()]


def test_ids_restart_gives_other_ids() -> None:
    assert Ids(7, epoch=0).uuid() != Ids(7, epoch=1).uuid()


def test_ids_have_the_platform_format() -> None:
    ids = Ids()

    assert uuid.UUID(ids.uuid()).version == 4
    assert re.fullmatch(r"[0-9a-f]{32}", ids.uid())
    assert re.fullmatch(r"live_[A-Za-z0-9]{32}", ids.stream_key())
    assert len(ids.octets(16)) == 16


@given(st.lists(st.integers(0, 2**48 - 1), max_size=20), st.integers())
def test_ids_numbered_id_is_a_uuid_and_returns_its_number(numbers: list[int], seed: int) -> None:
    names = Ids(seed).numbered(numbers)

    assert [number_in(each) for each in names] == numbers
    assert all(
        uuid.UUID(each).version == 4 and uuid.UUID(each).variant == uuid.RFC_4122 for each in names
    )
    # Ids taken in bulk are the same as ids taken one by one.
    one_by_one = Ids(seed)
    assert names == [one_by_one.numbered([number])[0] for number in numbers]
    assert len(set(names)) == len(names)


@given(st.uuids())
def test_ids_any_uuid_carries_a_number(any_uuid: uuid.UUID) -> None:
    assert 0 <= number_in(str(any_uuid)) < 2**48
