"""`/_emulator/schemas`: JSON Schemas of the files that users write, for editors."""

import json

from starlette.responses import Response

from emulator.core.errors import Refused
from emulator.web.http.call import Call
from emulator.web.http.endpoint import endpoint

# JSON Schema 2020-12, 14.
_SCHEMA = "application/schema+json"


@endpoint("GET", "/schemas/{name}", downloads=(_SCHEMA,))
def get_schema(call: Call, name: str) -> Response:
    """Read the JSON Schema of scenarios, seeds, settings or fault plans, such as `seed.json`."""
    try:
        schema = call.worlds.shared.schema_of(name.removesuffix(".json"))
    except ValueError as error:
        raise Refused("not_found", f"There is no such schema: {error}.") from None
    return Response(json.dumps(schema), media_type=_SCHEMA)
