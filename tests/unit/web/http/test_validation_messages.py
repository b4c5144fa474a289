"""Validation errors say in plain words what is wrong and how to write the value."""

import pytest
from pydantic import ValidationError

from emulator.web.admin.worlds import WorldCreate
from emulator.web.api.live.streams import StreamCreate
from emulator.web.api.models import Page, Request
from emulator.web.api.video.website import LibraryQuery
from emulator.web.http.field_names import as_sent
from emulator.web.http.validation_messages import message_of
from tests.support.tables import table


@table(
    ("model", "values", "message"),
    [
        (StreamCreate, {"title": "a", "tags": [""]}, "a tag has 1 to 50 characters"),
        (
            StreamCreate,
            {"title": "a", "tags": ["x"] * 11},
            "List should have at most 10 items, not 11",
        ),
        (
            StreamCreate,
            {"title": "a", "scheduled_start": "soon"},
            "Input should be a time in ISO 8601, such as 2026-01-31T18:00:00Z",
        ),
        (Page, {"page": "x"}, "Input should be a whole number"),
        (
            WorldCreate,
            {"name": "My World"},
            "String should match pattern '^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$': write lowercase"
            " letters and digits, with dashes inside",
        ),
    ],
)
def test_validation_message_is_in_plain_words(
    model: type[Request], values: dict[str, object], message: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        model.model_validate(values)

    [detail] = refused.value.errors()
    assert message_of(detail["type"], detail["msg"]) == message


def test_validation_error_of_a_camel_case_field_has_the_name_that_was_sent() -> None:
    with pytest.raises(ValidationError) as refused:
        LibraryQuery.model_validate({"pageSize": 1000})

    [detail] = refused.value.errors()
    assert as_sent(LibraryQuery, detail["loc"]) == ("pageSize",)
