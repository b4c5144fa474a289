"""A program that uses the package made by openapi-python-client; run where it is importable."""

import json
import sys

from generated import AuthenticatedClient  # type: ignore[import-not-found]
from generated.api.auth import get_me  # type: ignore[import-not-found]
from generated.api.streams import (  # type: ignore[import-not-found]
    create_stream,
    get_stream,
    list_streams,
    update_stream,
)
from generated.models import (  # type: ignore[import-not-found]
    StreamCreate,
    StreamUpdate,
    StreamWithIngest,
)

client = AuthenticatedClient(base_url=sys.argv[1], token="ak_demo")
result = create_stream.sync(client=client, body=StreamCreate(title="From a generated client"))
update_stream.sync(result.id, client=client, body=StreamUpdate(description="Changed"))
first, *others = list_streams.sync(client=client).streams
sys.stdout.write(
    json.dumps(
        {
            "key": result.stream_key,
            "description": get_stream.sync(result.id, client=client).description,
            "own": [isinstance(stream, StreamWithIngest) for stream in (first, *others)],
            "me": get_me.sync(client=client).username,
        }
    )
)
