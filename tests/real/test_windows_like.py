"""The fallbacks for POSIX, really executed: in processes that lack it as on Windows.

This is not Windows itself: `sitecustomize` of `tests/support/windows_like` lists what is removed.
"""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import windows_like
from tests.support.commands import live_emulator
from tests.support.encoders import address_of, film, play, pushing
from tests.support.live_server import child, until
from tests.support.required_programs import need

# The longest default data folder that a Windows user is likely to have.
_USUAL_FOLDER = r"C:\Users\Maximiliane-Alexandra\AppData\Local\live-emulator\Cache"


def test_windows_like_python_really_lacks_the_posix_modules(tmp_path: Path) -> None:
    code = (
        "import asyncio, os, sys\n"
        "for name in ('fcntl', 'resource', 'pwd', 'termios', 'uvloop'):\n"
        "    try: __import__(name); print(name)\n"
        "    except ImportError: pass\n"
        "def handles(): asyncio.new_event_loop().add_signal_handler(2, print)\n"
        "file = open('x', 'w')\n"
        "for act in (handles, lambda: os.remove('x'), lambda: os.replace('y', 'x'),\n"
        "            lambda: open('con.txt', 'w'), lambda: os.mkdir('a:b')):\n"
        "    try: act(); print('done')\n"
        "    except (NotImplementedError, PermissionError) as failure: pass\n"
        "    except OSError as failure: assert failure.errno == 22, failure\n"
    )
    command = [sys.executable, "-c", code]
    variables = windows_like.environment(tmp_path)
    done = subprocess.run(command, env=variables, capture_output=True, cwd=tmp_path, check=True)
    assert done.stdout == b""


def test_windows_like_serve_goes_from_publishing_to_a_deleted_vod(tmp_path: Path) -> None:
    # Given an emulator without POSIX, and a second one that is refused its folder,
    data, variables = tmp_path / "data", windows_like.environment(tmp_path)
    with child(data, "--reconnect-window", "0.5", env=variables) as server:
        walk = server.walk()
        second = windows_like.run(tmp_path, *("-m", "emulator", "serve", "--data", str(data)))
        assert second.returncode == 2
        assert f"pid {server.process.pid} at {walk.ready['http']}" in second.stderr

        # when ffmpeg publishes, and players watch it and its recording,
        stream = walk.create("Grüße 🎬")
        with pushing(address_of(stream), film(), is_endless=False) as push:
            walk.until_first_part(stream)
            assert walk.newest_parts(stream)
            # (a command finds it by itself, on a console that is not UTF-8,)
            listed = windows_like.run(tmp_path, *("-m", "emulator", "streams", "--all"))
            assert "Grüße \\U0001f3ac" in listed.stdout, listed.stderr
            push.said()
        vod = walk.until_vod(stream)
        played = play(vod["video_url"])
        assert len(played.video) == 120
        mp4 = walk.get(vod["mp4_url"])
        assert (mp4.status, mp4.body[4:8]) == (200, b"ftyp")
        assert walk.get(vod["thumbnail_url"]).status == 200

        # then all its files have names that Windows accepts, too;
        assert list(windows_like.names_refused(data, _USUAL_FOLDER)) == []
        # the files of a deleted stream are gone;
        folder = data / "media" / stream["cloudflare_stream_id"]
        assert folder.is_dir()
        assert walk.ask("DELETE", f"/streams/vods/{vod['id']}").status in (200, 204)
        until(lambda: not folder.exists(), "the media is removed")

        # and a signal stops it in good order.
        server.process.send_signal(signal.SIGTERM)
        log = server.said()
        assert " INFO " in log
        assert not any(word in log for word in (" WARNING ", " ERROR ", "Traceback"))
        assert server.process.returncode == 0
        assert not (data / "running.json").exists()


@pytest.fixture
def windows_folder(tmp_path: Path) -> Iterator[Path]:
    """A folder that ignores case, and in which open files can be neither moved nor removed."""
    pytest.importorskip("mfusepy", reason="mfusepy, or the libfuse that it needs, is missing")
    unmount = need("fusermount3")
    if not Path("/dev/fuse").exists():
        pytest.skip("this machine has no file systems in user space")
    below, mount = tmp_path / "below", tmp_path / "mount"
    below.mkdir()
    mount.mkdir()
    command = [sys.executable, "-m", "tests.support.windows_like.folder", str(below), str(mount)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as serving:
        until(lambda: mount.is_mount() or serving.poll() is not None, "the folder is mounted")
        if serving.poll() is not None:
            pytest.skip("no file system may be mounted here")
        yield mount
        subprocess.run([unmount, "-u", "-z", str(mount)], check=True)


def test_windows_like_folder_keeps_an_open_recording_until_it_is_closed(
    windows_folder: Path, tmp_path: Path
) -> None:
    # Given a folder that ignores case, and a recording in it,
    (windows_folder / "Data").mkdir()
    assert (windows_folder / "dATA").is_dir()
    data, variables = windows_folder / "Data", windows_like.environment(tmp_path)
    with child(data, "--reconnect-window", "0.5", env=variables) as server:
        walk = server.walk()
        stream = walk.create()
        with pushing(address_of(stream), film(), is_endless=False, is_paced=False) as push:
            push.said()
        vod = walk.until_vod(stream)
        folder = data / "media" / stream["cloudflare_stream_id"]

        # when a file of it is open while it is deleted,
        with (folder / "seg-0.m4s").open("rb") as scanner:
            assert walk.ask("DELETE", f"/streams/vods/{vod['id']}").status in (200, 204)
            until((data / "media" / "deleted").exists, "the remaining file is recorded")
            # then nobody finds it any more, and its other files are gone;
            assert walk.get(vod["video_url"]).status == 404
            assert [path.name for path in folder.iterdir()] == ["seg-0.m4s"]
            assert scanner.read(8)[4:] == b"moof"

        # and the open file, once closed, is removed when the emulator ends.
        server.process.send_signal(signal.SIGTERM)
        server.said()
    assert list((data / "media").iterdir()) == []


def test_windows_like_serve_takes_the_folder_of_one_that_was_killed(tmp_path: Path) -> None:
    data, variables = tmp_path / "data", windows_like.environment(tmp_path)
    with child(data, env=variables) as server:
        server.walk()
        server.process.kill()
        server.said()

    with child(data, env=variables) as again:
        assert again.walk().ready["pid"] == again.process.pid


def test_windows_like_exec_runs_a_suite_with_the_pytest_plugin(tmp_path: Path) -> None:
    (tmp_path / "test_suite.py").write_text(windows_like.SUITE)
    # Not those of other packages, which only check `sys.platform`.
    options = ("-q", "--disable-plugin-autoload", "-p", "emulator.pytest_plugin")
    base = f"--basetemp={tmp_path / 'base'}"
    suite = (sys.executable, "-m", "pytest", *options, base, str(tmp_path / "test_suite.py"))

    done = windows_like.run(tmp_path, *("-m", "emulator", "exec", "--", *suite))

    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 passed" in done.stdout
    assert done.stderr == ""


def test_windows_like_exec_passes_a_signal_on(tmp_path: Path) -> None:
    obey = "import signal, sys, time; signal.signal(signal.SIGTERM, lambda *_: sys.exit(7));"
    wait = f"{obey} print('ready', flush=True)\nwhile True: time.sleep(60)"
    process = subprocess.Popen(
        live_emulator("exec", "--", sys.executable, "-c", wait),
        env=windows_like.environment(tmp_path),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=windows_like.PATIENCE_SECONDS)
    assert process.returncode == 7


_KEEPS_BUSY_MEDIA = """
import asyncio, sys
from pathlib import Path
from emulator.media.hls.store import MediaStore

async def main():
    root, uid = Path(sys.argv[1]), "0" * 32
    (root / uid).mkdir(parents=True)
    for name in ("index.jsonl", "seg-0.m4s"):
        (root / uid / name).write_bytes(b"x")
    store = MediaStore(root)
    with (root / uid / "seg-0.m4s").open("rb"):
        await store.delete(uid)
        assert [path.name for path in (root / uid).iterdir()] == ["seg-0.m4s"]
        # Nobody finds it, in this process or the next.
        assert not store.has(uid) and not MediaStore(root).has(uid)
        await store.close()
        assert (root / uid).exists()
    later = MediaStore(root)
    await later.close()
    assert list(root.iterdir()) == [], list(root.iterdir())

asyncio.run(main())
"""

_REPLACES_BUSY_FILE = """
import sys, threading
from pathlib import Path
from emulator.machine.files import write_whole

path = Path(sys.argv[1])
path.write_bytes(b"old")
reader = path.open("rb")
threading.Timer(0.02, reader.close).start()
write_whole(path, b"new")
assert path.read_bytes() == b"new"
assert [entry.name for entry in path.parent.iterdir()] == [path.name]
"""


@pytest.mark.parametrize(
    "code", [_KEEPS_BUSY_MEDIA, _REPLACES_BUSY_FILE], ids=["media", "replaced"]
)
def test_windows_like_files_that_are_open_are_removed_or_replaced_later(
    tmp_path: Path, code: str
) -> None:
    (tmp_path / "folder").mkdir()
    done = windows_like.run(tmp_path, "-c", code, str(tmp_path / "folder" / "entry"))
    assert done.returncode == 0, done.stderr
