"""The peer of a start: one route of Starlette on uvicorn, and nothing else."""

import socket
import sys

import uvicorn
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route


async def health(_: object) -> JSONResponse:
    return JSONResponse({"status": "ok"})


listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
app = Starlette(routes=[Route("/_emulator/health", health)])
server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="off"))
server.run(sockets=[listener])
