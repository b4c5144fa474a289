"""Emulator: the composition root. It builds the parts, connects them, starts and stops them.

Keep it a list: the behaviour of a part belongs in that part's own file.
"""

import asyncio
import contextlib
import importlib
import logging
import os
import ssl
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from msgspec.structs import replace

from emulator import ready
from emulator.core.errors import Refused
from emulator.core.hosts import is_loopback
from emulator.core.world_clock import WorldClock
from emulator.machine import certificates, handles
from emulator.machine.folder import DataFolder
from emulator.media.hls.store import MediaStore
from emulator.media.ingest.rtmp_server import RtmpServer
from emulator.media.recording.recordings import Recordings
from emulator.media.webrtc.peers import Peers
from emulator.media.webrtc.stun import StunServer
from emulator.platform.platform import Platform, ServiceFactory
from emulator.platform.request_log import RequestLog
from emulator.platform.shared import Shared
from emulator.platform.worlds import WorldConfig, Worlds
from emulator.seeding import file, images
from emulator.settings import Settings
from emulator.web.admin.callers import Callers
from emulator.web.servers.choice import MakeWebServer, speaks_quic, web_server
from emulator.web.servers.config import SocketConfig, Tls
from emulator.web.servers.listening import Listening, listen
from emulator.world.store.journal import Store
from emulator.world.world import DEFAULT

if TYPE_CHECKING:
    from starlette.types import ASGIApp

T = TypeVar("T")

log = logging.getLogger(__name__)

_OPEN = (
    "OPEN TO THE NETWORK host=%s port=%d: anyone can reset worlds, read sign-in links "
    "and end streams. Set --admin-token, or listen on 127.0.0.1"
)
_WARM_AFTER_SECONDS = 0.02
_LOOK_SECONDS = 2
_SILENT_SECONDS = 58
# In the order in which they are needed: a test's first call comes before its first publisher. Large
# imports are listed in pieces, since a stop waits for the one in progress.
_WARM = (
    "pydantic.main",
    "emulator.web.api.models",
    "emulator.media.broadcast.broadcasts",
    "emulator.web.chat.chats",
    "emulator.services",
    "emulator.web.api.live.streams",
    "emulator.web.api.table",
    "emulator.web.http.dispatch",
    "emulator.web.routes",
    "emulator.media.ingest.rtmp_connection",
    "emulator.media.broadcast.pipeline",
    "emulator.web.admin.table",
    "emulator.web.chat.socket",
    "emulator.media.recording.uploads.importing",
)


class Emulator:
    """One running platform. Use it as an async context manager; `ready` says where it listens.

    `addresses` are those of `ready` alone. `local` says the same for a caller on this machine,
    whatever name others reach it by; the CA that it names is there once `ready` was asked for.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or Settings(data=":memory:", port=0, rtmp_port=0, rtmps_port=0)
        self.addresses: dict[str, Any] = {}
        self.local: dict[str, Any] = {}
        self.app: ASGIApp
        # Called, on the loop, once every port listens; from then on a connection waits for HTTP.
        self.when_listening: Callable[[], None] = lambda: None
        self.worlds: Worlds
        self.platform: Platform
        self._ready: dict[str, Any] = {}
        self._tls: certificates.LateContext
        self._loop: asyncio.AbstractEventLoop
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> "Emulator":
        """Start everything. If a part cannot start, the parts before it are stopped again.

        Refuses (`conflict`, `unavailable`) a data folder that is in use or broken; raises `OSError`
        for a port that it cannot listen on.
        """
        try:
            async with AsyncExitStack() as stack:
                await self._start(stack)
                self._stack = stack.pop_all()
        except BaseExceptionGroup as group:
            # The task group wraps the exception, even if no task raised it.
            raise group.exceptions[0] from group
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    @property
    def ready(self) -> dict[str, Any]:
        """The ready file's content. The CA that it names is made by now. From any thread."""
        self._tls.get()
        return self._ready

    def call(self, verb: Callable[[], T]) -> T:
        """Call a function on the emulator's loop, from another thread. Returns its result."""

        async def run() -> T:
            return verb()

        return self.wait(run())

    def wait(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the emulator's loop, from another thread, and wait for its end."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _start(self, stack: AsyncExitStack) -> None:
        settings = self.settings
        self._loop = asyncio.get_running_loop()
        if settings.export_on_exit is not None:
            _check_export(settings.export_on_exit)
        folder = DataFolder.open(settings.data)
        stack.callback(folder.close)
        tasks = await stack.enter_async_context(asyncio.TaskGroup())

        media_store = MediaStore(folder.media_path, settings.media)
        stack.push_async_callback(media_store.close)
        recordings = Recordings(media_store)
        stack.push_async_callback(recordings.close)
        shared = Shared(
            media_store=media_store,
            recordings=recordings,
            config=settings.platform,
            admin_token=settings.admin_token,
            allowed_folders=settings.allowed_folders,
            steering_key=folder.steering_key(),
            requests=RequestLog(settings.requests),
            schema_of=_schema_of,
        )
        worlds = self.worlds = Worlds(
            shared,
            WorldConfig(
                make_clock=WorldClock,
                rules=settings.rules,
                tasks=tasks,
                services=partial(_services, settings, tasks),
                has_webhook=bool(settings.webhooks.url),
                seed=settings.seed,
                seed_state=images.seed_state,
                parse_seed=file.parse,
            ),
        )
        stack.callback(worlds.close)
        stack.push_async_callback(self._export, worlds)
        stack.push_async_callback(worlds.stop, "the emulator stops")
        is_new = not folder.has_world
        self.platform = await _open_default(worlds, folder, settings.seed)
        if self.platform.is_kept:
            store = self.platform.world.store
            checkpoints = tasks.create_task(_keep_checkpoints(store, folder.world_path))
            stack.push_async_callback(_end, checkpoints)
        if settings.import_file:
            await _import_default(worlds, settings, is_new)

        tls = self._tls = certificates.LateContext(lambda: _tls_context(settings, folder, "rtmps"))
        if settings.rtmps_cert or not folder.is_temporary:
            # Report errors in its files now. Once the files exist, this only reads them.
            tls.get()
        ingest = RtmpServer(worlds.directory, settings.rtmp)
        stack.push_async_callback(ingest.stop, "the emulator stops")
        rtmp_port = await ingest.start(settings.host, settings.rtmp_port)
        rtmps_port = await ingest.start_tls(settings.host, settings.rtmps_port, tls.get)

        shared.peers = Peers(
            worlds.directory,
            settings.webrtc.at(settings.host, key_frame_ms=settings.media.segment_ms),
            tasks,
            ingest.rounds.catch_up,
        )
        stack.push_async_callback(shared.peers.stop, "the emulator stops")
        stun = StunServer()
        stack.callback(stun.stop)
        stun_port = await stun.start(settings.host, settings.stun_port)

        https = _https(settings, folder)
        with_quic = speaks_quic(settings.http, https)
        listening = listen(settings.host, settings.port, with_quic=with_quic)
        stack.callback(listening.close)
        reach = ready.reach(settings, rtmp_port, rtmps_port, stun_port)
        shared.local = ready.local(settings, reach, listening.port)
        shared.public = reach.at(settings.public_url.rstrip("/") or shared.local.http)
        shared.reach = reach if ready.follows_callers(settings) else None
        self.addresses = shared.public.ready()
        self._ready = ready.ready(settings, folder, shared.public)
        shared.ready = lambda: self.ready
        self.local = ready.ready(settings, folder, shared.local)
        self.when_listening()
        await self._serve(stack, listening, https)
        # Before the sockets close, so that each chat client and publisher gets the reason.
        stack.callback(worlds.say_goodbye, "the emulator stops")
        shared.state.is_ready = True
        folder.tell(self.local)
        if not is_loopback(settings.host) and not settings.admin_token:
            log.warning(_OPEN, settings.host, listening.port)
        # Modules that only a request or a publisher needs are imported in a thread once everything
        # listens: neither the start nor the first request waits for them.
        stack.callback(tasks.create_task(_warm()).cancel)
        stack.callback(tasks.create_task(_watch_handles()).cancel)

    async def _serve(self, stack: AsyncExitStack, listening: Listening, https: Tls | None) -> None:
        """Answer HTTP on a socket that listens. Worlds can be used meanwhile."""
        settings = self.settings
        build, make_server = await asyncio.to_thread(_import_http, settings.http)
        own_names = (settings.host, *settings.public_hosts)
        callers = Callers(settings.allow_origin, settings.allow_host, own_names)
        self.app = build(self.worlds, callers)
        web = make_server(self.app, https, _sockets(settings))
        stack.push_async_callback(web.stop)
        await web.start(listening)

    async def _export(self, worlds: Worlds) -> None:
        """Write the default world to the file of `--export-on-exit`, unless the start failed."""
        path = self.settings.export_on_exit
        if path is None or not self._ready:
            return
        from emulator.platform import transfer

        try:
            await transfer.export(worlds.default, path)
        except OSError as failure:
            raise Refused(
                "unavailable", f"The world was not exported to {path}: {failure.strerror}."
            ) from failure
        log.info("exported the world path=%s", path)


@contextlib.contextmanager
def running(settings: Settings | None = None) -> Iterator[Emulator]:
    """Run an emulator in its own thread until the block ends, for code without async.

    The block begins once every port listens. The HTTP server is imported meanwhile, for which the
    first call waits.
    """
    started = threading.Event()
    emulator = Emulator(settings)
    failure: list[BaseException] = []
    control: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    async def run() -> None:
        stop = asyncio.Event()
        control.append((asyncio.get_running_loop(), stop))
        emulator.when_listening = started.set
        async with emulator:
            await stop.wait()

    def main() -> None:
        try:
            asyncio.run(run())
        except BaseException as error:  # The exception belongs to the caller of `running`.
            failure.append(error)
        finally:
            started.set()

    thread = threading.Thread(target=main, name="live-emulator", daemon=True)
    thread.start()
    started.wait()
    if failure:
        thread.join()
        raise failure[0]
    try:
        yield emulator
    finally:
        loop, stop = control[0]
        with contextlib.suppress(RuntimeError):  # HTTP has failed to start, and closed the loop.
            loop.call_soon_threadsafe(stop.set)
        thread.join()
    if failure:
        raise failure[0]


async def _warm() -> None:
    # Later than the report of the start: a thread that imports slows the loop's thread down.
    await asyncio.sleep(_WARM_AFTER_SECONDS)
    for name in _WARM:
        try:
            await asyncio.to_thread(importlib.import_module, name)
        except Exception:  # A task's root. The code that needs the module will get the error.
            log.exception("could not import a module ahead of need module=%s", name)


async def _keep_checkpoints(store: Store, path: str) -> None:
    # None is due so soon: a start does not pay for the import.
    await asyncio.sleep(_LOOK_SECONDS)
    from emulator.platform.checkpoints import keep_checkpoints

    await keep_checkpoints(store, path)


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait({task})


async def _watch_handles() -> None:
    """Warn when there are no file handles left: a loop may refuse connections without a word."""
    while True:
        await asyncio.sleep(_LOOK_SECONDS)
        if handles.are_gone():
            log.warning("new connections are refused: Too many open files")
            await asyncio.sleep(_SILENT_SECONDS)


async def _open_default(worlds: Worlds, folder: DataFolder, seed: str) -> Platform:
    """Open the world in the data folder. A damaged database is moved aside for a fresh one.

    So is media whose database is missing: a fresh world may use the same names for its own.
    """
    if folder.has_orphaned_media:
        log.warning(
            "the database is gone, but media is there: it was moved, and a fresh world begun."
            " To have it back, stop, and put world.sqlite3 and media in their places path=%s",
            folder.keep_aside(),
        )
    try:
        return await worlds.open_default(folder.world_path, seed)
    except Refused as refused:
        if not refused.details.get("is_damaged"):
            raise
        log.warning("%s", refused.message.partition(" Move it away")[0])
        log.warning(
            "the database and its media were moved, and a fresh one begun path=%s",
            folder.keep_aside(),
        )
        return await worlds.open_default(folder.world_path, seed)


def _check_export(path: Path) -> None:
    """Refuse (`unavailable`) at the start a file that could not be written at the end."""
    folder = path.parent
    if not folder.is_dir():
        reason = f"there is no folder {folder}"
    elif path.is_dir():
        reason = "it is a folder"
    elif not os.access(folder, os.W_OK):
        reason = f"you may not write in {folder}"
    else:
        return
    raise Refused("unavailable", f"--export-on-exit {path} cannot be written: {reason}.")


async def _import_default(worlds: Worlds, settings: Settings, is_new: bool) -> None:
    """Start with the world of `--import`. Refuses (`conflict`) a data folder that has a world."""
    path = settings.import_file
    if path is None or (path == settings.export_on_exit and not path.exists()):
        return  # The first of several runs that each continue the last one's world.
    if not is_new:
        raise Refused(
            "conflict",
            f"The data folder {settings.data} has a world already. Choose another --data, or use"
            f" `live-emulator world import {path} --replace` once this emulator runs.",
        )
    from emulator.platform import transfer

    try:
        await transfer.import_world(worlds, path, DEFAULT, is_replacing=True)
    except OSError as failure:
        raise Refused(
            "unavailable", f"--import {path} cannot be read: {failure.strerror}."
        ) from failure
    except Refused as refused:
        raise Refused(refused.code, f"--import {path}: {refused.message}") from refused


def _sockets(settings: Settings) -> SocketConfig:
    """The sockets' config, with a fifth of the file handles left for publishers and files."""
    most = max(16, handles.limit() * 4 // 5)
    config = settings.sockets
    return replace(config, connections_max=min(config.connections_max, most))


def _tls_context(
    settings: Settings,
    folder: DataFolder,
    use: certificates.Use,
    kind: type[ssl.SSLContext] = ssl.SSLContext,
) -> ssl.SSLContext:
    if settings.rtmps_cert:
        return certificates.context_of(settings.rtmps_cert, settings.rtmps_key, kind)
    names = settings.certificate_names
    return certificates.server_context(folder.path, names, use=use, kind=kind)


def _https(settings: Settings, folder: DataFolder) -> Tls | None:
    """The API's certificate, signed by the same CA as that of RTMPS. None without `--tls`."""
    if not settings.tls:
        return None
    # Imported late: a start without --tls does not need it.
    from emulator.web.servers.https_context import HttpsContext

    context = _tls_context(settings, folder, "https", HttpsContext)
    certificate = settings.rtmps_cert or certificates.server_path(folder.path, "https")
    return Tls(context, certificate, settings.rtmps_key or certificate)


def _import_http(name: str) -> "tuple[Callable[[Worlds, Callers], ASGIApp], MakeWebServer]":
    """Import the application and its server, which takes longer than all the rest of a start."""
    from emulator.web import app

    return app.build, web_server(name)


def _services(settings: Settings, tasks: asyncio.TaskGroup) -> list[ServiceFactory]:
    from emulator.services import of_each_world

    return of_each_world(settings, tasks)


def _schema_of(name: str) -> dict[str, object]:
    # Imported late: only editors ask for schemas, and the start stays short.
    from emulator.schemas import schema_of

    return schema_of(name)
