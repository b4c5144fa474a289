"""`/_emulator/qr`: an address as a picture, for the camera of a phone."""

import io

from pydantic import Field
from starlette.responses import Response

from emulator.web.api.models import Request
from emulator.web.http.call import Call
from emulator.web.http.endpoint import endpoint

_SVG = "image/svg+xml"


class QrQuery(Request):
    """`text` is the content of the code."""

    text: str = Field(min_length=1, max_length=500)


@endpoint("GET", "/qr", downloads=(_SVG,))
def draw_qr(_call: Call, query: QrQuery) -> Response:
    """Draw a QR code, as SVG."""
    import segno  # Late: it is rarely used.

    picture = io.BytesIO()
    # Light modules are drawn too: cameras need a dark code on a light ground, also on a dark page.
    segno.make(query.text, error="m", micro=False).save(
        picture, kind="svg", scale=4, border=3, dark="#111", light="#fff", xmldecl=False
    )
    return Response(picture.getvalue(), media_type=_SVG, headers={"Cache-Control": "no-store"})
