"""A program between the crawler and its browser: when the crawler goes, all of the browser goes.

``python -I guard.py ROOMS CHROMEDRIVER`` makes a room, a folder of the browser's own, starts the
driver in it, and writes one line of JSON: where the room is, and the driver's port. It ends when
its input closes, which a killed crawler cannot help, and leaves no process and no room.
"""

import ctypes
import fcntl
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from threading import Event
from types import FrameType

# From linux/prctl.h.
_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36

_LOOK_EVERY_SECONDS = 0.25
_START_SECONDS = 30.0
_KILLING_SECONDS = 10.0
_PORT_LINE = "started successfully on port "

_stopping = Event()

# A browser needs these of the crawler's environment, and must not have the passwords in it.
_PASSED_ON = ("PATH", "LANG", "TZ", "LD_LIBRARY_PATH")
_PROXIES = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")


def main(rooms: Path, chromedriver: str) -> int:
    """Run ``chromedriver`` in a room under ``rooms`` until nobody needs it."""
    crawler = os.getppid()
    for told in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(told, _stop)
    # Whatever the browser leaves behind, its crash handler too, becomes this program's child.
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    room, lock = _new_room(rooms)
    try:
        driver = _started(chromedriver, room)
        port = _port_of(driver, room / "driver.log")
        sys.stdout.write(json.dumps({"room": str(room), "port": port}) + "\n")
        sys.stdout.flush()
        _watch(crawler, driver)
    finally:
        _kill_descendants()
        shutil.rmtree(room, ignore_errors=True)
        os.close(lock)
    return 0


def _new_room(rooms: Path) -> tuple[Path, int]:
    """Make a room and lock it, once the rooms that killed guards left are swept away."""
    rooms.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = rooms.lstat()
    if rooms.is_symlink() or found.st_uid != os.geteuid() or found.st_mode & 0o077:
        raise SystemExit(f"{rooms} must be a folder that is yours alone; remove it")
    alone = _opened(rooms)
    fcntl.flock(alone, fcntl.LOCK_EX)
    try:
        for left in rooms.iterdir():
            _sweep(left)
        room = Path(tempfile.mkdtemp(dir=rooms, prefix=""))
        lock = _opened(room)
        fcntl.flock(lock, fcntl.LOCK_EX)
        return room, lock
    finally:
        os.close(alone)


def _sweep(room: Path) -> None:
    try:
        lock = _opened(room)
    except OSError:
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(room, ignore_errors=True)
    except BlockingIOError:
        return
    finally:
        os.close(lock)


def _opened(folder: Path) -> int:
    return os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)


def _started(chromedriver: str, room: Path) -> "subprocess.Popen[bytes]":
    home = {name: str(room) for name in ("HOME", "TMPDIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")}
    passed_on = {name: os.environ[name] for name in _PASSED_ON + _PROXIES if name in os.environ}
    guard = os.getpid()

    def die_with_the_guard() -> None:
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        # A guard that died before that line sends no signal.
        if os.getppid() != guard:
            os._exit(1)

    with (room / "driver.log").open("wb") as log:
        return subprocess.Popen(
            [chromedriver, "--port=0", "--log-level=SEVERE"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.DEVNULL,
            env=passed_on | home,
            preexec_fn=die_with_the_guard,
        )


def _port_of(driver: "subprocess.Popen[bytes]", log: Path) -> int:
    """Wait until the driver says on which port it listens."""
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and driver.poll() is None and not _stopping.is_set():
        _, found, after = log.read_text(errors="replace").partition(_PORT_LINE)
        if found and "." in after:
            return int(after[: after.index(".")])
        time.sleep(0.02)
    raise SystemExit("the driver did not start")


def _watch(crawler: int, driver: "subprocess.Popen[bytes]") -> None:
    """Return when the crawler has closed its end, is gone or says so, or the driver is gone."""
    while os.getppid() == crawler and driver.poll() is None and not _stopping.is_set():
        readable, _, _ = select.select([sys.stdin.fileno()], [], [], _LOOK_EVERY_SECONDS)
        if readable and not os.read(sys.stdin.fileno(), 1024):
            return
        _reap()


def _kill_descendants() -> None:
    """Kill all that came of this program, again and again, for what dies may just have forked."""
    deadline = time.monotonic() + _KILLING_SECONDS
    while (left := _descendants(os.getpid())) and time.monotonic() < deadline:
        for pid in left:
            _kill(pid)
        _reap()
        time.sleep(0.02)


def _descendants(of: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and (parent := _parent_of(entry)) is not None:
            children.setdefault(parent, []).append(int(entry.name))
    found = list(children.get(of, []))
    for pid in found:
        found += children.get(pid, [])
    return found


def _parent_of(process: Path) -> int | None:
    try:
        # The name, in brackets, may itself hold spaces and brackets.
        after_name = (process / "stat").read_text(errors="replace").rpartition(")")[2]
    except OSError:
        return None
    return int(after_name.split()[1])


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _reap() -> None:
    """Take leave of the dead; ``subprocess`` then knows a dead driver by its absence."""
    try:
        while os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG):
            pass
    except ChildProcessError:
        return


def _prctl(option: int, value: int) -> None:
    if ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl refused")


def _stop(_signal: int, _frame: FrameType | None) -> None:
    """Note that it is time to go; an exception here could cut the cleaning up short."""
    _stopping.set()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2]))
