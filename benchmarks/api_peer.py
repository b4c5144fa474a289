"""Bare Starlette on uvicorn with a constant answer of a given size: the upper limit."""

import sys

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

CONTENT = b'"' + b"x" * (int(sys.argv[2]) - 2) + b'"'


async def constant(_: Request) -> Response:
    return Response(CONTENT, media_type="application/json")


if __name__ == "__main__":
    app = Starlette(routes=[Route("/", constant, methods=["GET", "POST"])])
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_config=None, access_log=False)
