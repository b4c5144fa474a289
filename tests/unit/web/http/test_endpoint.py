"""Properties that an endpoint's decorator reads from its function, and how endpoints are found."""

import pkgutil
from collections.abc import Callable
from typing import Any

import pytest

from emulator.web import api
from emulator.web.api.models import Request
from emulator.web.api.table import FOLDERS
from emulator.web.http.bodies import UploadedFile
from emulator.web.http.call import Call
from emulator.web.http.endpoint import endpoint, operations_of
from emulator.web.http.operation import Upload
from emulator.world.people.accounts import User


class Words(Request):
    title: str


def nobody() -> str:
    """Answer anybody."""
    return ""


def anybody(call: Call, caller: User | None, thing_id: str) -> str:
    """Answer everybody, a user better."""
    return f"{call} {caller} {thing_id}"


def somebody(_caller: User, body: Words, query: Words) -> None:
    """Do a user's bidding.

    At once.
    """
    del body, query


def file(file: UploadedFile) -> None:
    """Take a file."""
    del file


def file_or_none(file: UploadedFile | None) -> None:
    """Take a file or not."""
    del file


FORM = Upload(bytes_max=lambda _: 1000)


def test_endpoint_parameters_declare_the_callers_and_the_inputs() -> None:
    public, optional, user = (
        operations_of(endpoint("POST", "/things/{thing_id}")(function))[0]
        for function in (nobody, anybody, somebody)
    )
    assert [public.auth, optional.auth, user.auth] == ["public", "optional", "user"]
    assert (user.body, user.query, public.body, public.query) == (Words, Words, None, None)
    assert (public.status, user.status) == (200, 204)
    assert (user.name, user.summary) == ("somebody", "Do a user's bidding.")


def test_endpoint_file_that_may_be_none_is_not_required() -> None:
    required, optional = (
        operations_of(endpoint("POST", "/things", upload=FORM)(function))[0]
        for function in (file, file_or_none)
    )
    assert (required.is_upload_required, optional.is_upload_required) == (True, False)


@pytest.mark.parametrize(
    ("function", "path", "options"),
    [
        (anybody, "/things/{other_id}", {}),
        (file, "/things", {}),
        (nobody, "/things", {"upload": FORM}),
    ],
    ids=["a name that the path has not", "a file without its bound", "a bound without its file"],
)
def test_endpoint_that_does_not_fit_its_address_is_refused(
    function: Callable[..., Any], path: str, options: dict[str, Any]
) -> None:
    with pytest.raises(TypeError, match="/things"):
        endpoint("POST", path, **options)(function)


def test_endpoint_with_two_addresses_has_two_operations_in_their_order() -> None:
    @endpoint("PUT", "/things")
    @endpoint("PATCH", "/things", name="patch_thing")
    def update_thing() -> None:
        """Change a thing."""

    operations = operations_of(update_thing)
    assert [(operation.method, operation.name) for operation in operations] == [
        ("PUT", "update_thing"),
        ("PATCH", "patch_thing"),
    ]


def test_endpoint_folders_of_the_api_are_in_the_documents() -> None:
    folders = {module.name for module in pkgutil.iter_modules(api.__path__) if module.ispkg}
    assert folders == set(FOLDERS)
