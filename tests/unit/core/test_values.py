"""A dataclass of ours is made late, and is in everything else the standard library's."""

import copy
import dataclasses
from concurrent.futures import ThreadPoolExecutor
from dataclasses import FrozenInstanceError, asdict, field, fields, replace
from threading import Barrier
from typing import ClassVar

import pytest

from emulator.core import values
from emulator.core.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something that is true."""

    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted(Fact):
    text: str
    tags: tuple[str, ...] = ()
    kind: ClassVar[str] = "posted"


@dataclass(slots=True)
class Tally:
    name: str
    seen: list[int] = field(default_factory=list)
    whole: int = field(init=False)

    def __post_init__(self) -> None:
        self.whole = sum(self.seen)


@dataclass(slots=True, order=True)
class Turn:
    at_ms: int
    what: object = field(compare=False, default=None)


def test_nothing_is_written_before_the_first_instance() -> None:
    # Given a class that was only declared,
    declared = _declare()
    assert declared in values._unmade

    # when one is made,
    result = declared(1)

    # then its methods are there, as if it had been so from the start.
    assert declared not in values._unmade
    assert result == declared(at_ms=1, text="")


def test_who_asks_for_the_fields_of_a_class_does_not_have_to_make_one() -> None:
    assert [each.name for each in fields(_declare())] == ["at_ms", "text"]
    assert getattr(_declare(), "__match_args__", ()) == ("at_ms", "text")
    assert dataclasses.is_dataclass(_declare())


def test_values_default_compare_hash_and_show_as_the_librarys_do() -> None:
    posted = Posted(at_ms=1, text="hello")

    assert posted == Posted(at_ms=1, text="hello", tags=())
    assert posted != Posted(at_ms=2, text="hello")
    assert posted != Fact(at_ms=1)
    assert len({posted, Posted(at_ms=1, text="hello")}) == 1
    assert repr(posted) == "Posted(at_ms=1, text='hello', tags=())"
    assert asdict(replace(posted, text="bye")) == {"at_ms": 1, "text": "bye", "tags": ()}
    assert Posted.kind == posted.kind == "posted"
    assert [each.name for each in fields(Posted)] == ["at_ms", "text", "tags"]


def test_what_is_frozen_stays_and_no_value_takes_what_is_not_its_own() -> None:
    posted = Posted(at_ms=1, text="hello")
    with pytest.raises(FrozenInstanceError):
        posted.text = "bye"  # type: ignore[misc]
    with pytest.raises(AttributeError):
        Tally("a").nmae = "b"  # type: ignore[attr-defined]
    for value in (posted, Tally("a")):
        assert not hasattr(value, "__dict__")
    with pytest.raises(FrozenInstanceError):
        del posted.text
    with pytest.raises(TypeError, match="unhashable"):
        hash(Tally("a"))


def test_factories_and_what_comes_after_init_belong_to_each_instance() -> None:
    first, second = Tally("a"), Tally("b", [1, 2])
    first.seen.append(1)

    assert (first.seen, second.seen, second.whole) == ([1], [1, 2], 3)
    assert Tally("c").seen == []


def test_order_and_match_look_at_the_fields_they_are_told_to() -> None:
    assert min(Turn(2, "b"), Turn(1, object())).at_ms == 1
    match Turn(3, "c"):
        case Turn(at_ms, what):
            assert (at_ms, what) == (3, "c")


def test_a_wrong_call_is_refused_like_any_other() -> None:
    with pytest.raises(TypeError, match="unexpected keyword argument 'txt'"):
        _declare()(at_ms=1, txt="hello")
    with pytest.raises(TypeError, match="cannot inherit non-frozen"):
        _thaw()


def test_a_copy_is_equal_even_where_it_is_frozen() -> None:
    posted = Posted(at_ms=1, text="hello")

    assert copy.deepcopy(Tally("a", [1])) == Tally("a", [1])
    assert copy.copy(posted) == posted


def test_threads_that_make_the_first_at_once_all_get_one() -> None:
    declared, together = _declare(), Barrier(4)

    def make(number: int) -> object:
        together.wait()
        return declared(number)

    with ThreadPoolExecutor(4) as threads:
        made = list(threads.map(make, range(4)))

    assert made == [declared(number) for number in range(4)]


def _declare() -> type:
    @dataclass(frozen=True, slots=True)
    class Declared:
        at_ms: int
        text: str = ""

    return Declared


def _thaw() -> type:
    @dataclass(slots=True)
    class Thawed(Fact):  # type: ignore[misc]
        pass

    return Thawed
