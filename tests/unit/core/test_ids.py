import re
import uuid

from emulator.core.ids import Ids


def test_one_seed_gives_the_same_ids_in_the_same_order() -> None:
    one, other = Ids(7), Ids(7)

    assert [one.uuid(), one.uid(), one.token()] == [other.uuid(), other.uid(), other.token()]


def test_a_restart_hands_out_other_ids() -> None:
    assert Ids(7, epoch=0).uuid() != Ids(7, epoch=1).uuid()


def test_ids_look_as_the_platform_s_do() -> None:
    ids = Ids()

    assert uuid.UUID(ids.uuid()).version == 4
    assert re.fullmatch(r"[0-9a-f]{32}", ids.uid())
    assert re.fullmatch(r"live_[A-Za-z0-9]{32}", ids.stream_key())
    assert len(ids.octets(16)) == 16
