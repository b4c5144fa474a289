"""`/streams/search`: search streams and users by words."""

from typing import Literal

from pydantic import Field

from emulator.shapes.live import StreamPage
from emulator.shapes.people import UserCard, user_card
from emulator.web.api.live.instants import Instant, InstantOrEndOfDay, milliseconds_or_none
from emulator.web.api.live.pages import stream_page
from emulator.web.api.models import OptionalId, Page, Request
from emulator.web.http.call import Call
from emulator.web.http.endpoint import endpoint
from emulator.world.discovery import search, searches, suggestions
from emulator.world.discovery.search import Filters
from emulator.world.live import categories
from emulator.world.people.accounts import User

_TYPED_MAX = 200


class StreamSearch(Page):
    """`query` takes precedence over `q`. A day in `end_date` is included completely."""

    query: str | None = Field(None, max_length=_TYPED_MAX)
    q: str | None = Field(None, max_length=_TYPED_MAX)
    category_id: OptionalId = None
    status_filter: Literal["live", "offline", "ended", "all"] = "all"
    start_date: Instant | None = None
    end_date: InstantOrEndOfDay | None = None

    @property
    def typed(self) -> str:
        return self.query or self.q or ""


class UserSearch(Request):
    q: str | None = Field(None, max_length=_TYPED_MAX)
    query: str | None = Field(None, max_length=_TYPED_MAX)
    limit: int = Field(20, ge=1, le=100)


class SuggestionQuery(Request):
    query: str | None = Field(None, max_length=_TYPED_MAX)
    q: str | None = Field(None, max_length=_TYPED_MAX)
    limit: int = Field(10, ge=1, le=100)


class SearchLimit(Request):
    limit: int = Field(10, ge=1, le=100)


class SearchPage(StreamPage):
    """`total_count` and `total` are equal."""

    total_count: int


@endpoint("GET", "/streams/search", provenance="guide", refuses=("not_found",))
def search_streams(call: Call, _caller: User | None, query: StreamSearch) -> SearchPage:
    """Search public streams by title, description, tags and user, best first."""
    world, category_id = call.world, query.category_id
    filters = Filters(
        status=query.status_filter,
        category_pk=None if category_id is None else categories.find(world, category_id).pk,
        began_from_ms=milliseconds_or_none(query.start_date),
        began_to_ms=milliseconds_or_none(query.end_date),
    )
    streams, total = search.streams(
        world, query.typed, filters, offset=query.offset, count=query.per_page
    )
    # Further pages belong to the same search.
    if query.page == 1 and call.is_counted:
        searches.note(world, query.typed)
    page = stream_page(call, query, streams, total)
    return {**page, "total_count": total}


@endpoint("GET", "/streams/search/suggestions", provenance="guide")
def suggest_searches(call: Call, query: SuggestionQuery) -> list[str]:
    """Suggest titles, tags and usernames with words that begin with `query`."""
    return suggestions.suggest(call.world, query.query or query.q or "", query.limit)


@endpoint("GET", "/streams/search/trending", provenance="guide")
def list_trending_searches(call: Call, query: SearchLimit) -> list[str]:
    """List the most frequent searches of the last day."""
    return searches.trending(call.world, query.limit)


@endpoint("GET", "/streams/search/popular", provenance="guide")
def list_popular_searches(call: Call, query: SearchLimit) -> list[str]:
    """List the most frequent searches of all time."""
    return searches.popular(call.world, query.limit)


@endpoint("GET", "/streams/search/users", provenance="client")
def search_users(call: Call, _caller: User, query: UserSearch) -> list[UserCard]:
    """Search users by the words of their names."""
    users = search.users(call.world, query.q or query.query or "", query.limit)
    return [user_card(user) for user in users]
