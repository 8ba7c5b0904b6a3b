"""A process between the crawler and its browser: it ends the browser when the crawler ends.

``python -I guard.py FOLDERS CHROMEDRIVER`` creates a temporary folder for one browser in FOLDERS,
starts the driver there, and prints one line of JSON: the folder and the driver's port. It ends
when its standard input closes, which also happens when the crawler is killed. It leaves no process
and no folder.
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

_CHECK_INTERVAL_SECONDS = 0.25
_START_SECONDS = 30.0
_KILL_SECONDS = 10.0
_PORT_LINE = "started successfully on port "

_stopping = Event()

# The browser needs these environment variables. It must not get the others: some are passwords.
_VARIABLES = ("PATH", "LANG", "TZ", "LD_LIBRARY_PATH")
_PROXIES = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")


def main(folders: Path, chromedriver: str) -> int:
    """Run ``chromedriver`` in a new folder below ``folders`` until the crawler ends."""
    crawler = os.getppid()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, _stop)
    # Orphaned processes of the browser, such as its crash handler, become children of this process.
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    folder, lock = _new_folder(folders)
    try:
        driver = _start(chromedriver, folder)
        port = _port_of(driver, folder / "driver.log")
        sys.stdout.write(json.dumps({"folder": str(folder), "port": port}) + "\n")
        sys.stdout.flush()
        _watch(crawler, driver)
    finally:
        _kill_descendants()
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)
    return 0


def _new_folder(folders: Path) -> tuple[Path, int]:
    """Create and lock a folder; first remove the folders that killed guards left behind."""
    folders.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folders.lstat()
    if folders.is_symlink() or found.st_uid != os.geteuid() or found.st_mode & 0o077:
        raise SystemExit(f"{folders} must be a folder that only you can access; delete it")
    lock_of_all = _open(folders)
    fcntl.flock(lock_of_all, fcntl.LOCK_EX)
    try:
        for left in folders.iterdir():
            _remove_if_unlocked(left)
        folder = Path(tempfile.mkdtemp(dir=folders, prefix=""))
        lock = _open(folder)
        fcntl.flock(lock, fcntl.LOCK_EX)
        return folder, lock
    finally:
        os.close(lock_of_all)


def _remove_if_unlocked(folder: Path) -> None:
    try:
        lock = _open(folder)
    except OSError:
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)
    except BlockingIOError:
        return
    finally:
        os.close(lock)


def _open(folder: Path) -> int:
    return os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)


def _start(chromedriver: str, folder: Path) -> "subprocess.Popen[bytes]":
    home = {name: str(folder) for name in ("HOME", "TMPDIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")}
    passed_on = {name: os.environ[name] for name in _VARIABLES + _PROXIES if name in os.environ}
    guard = os.getpid()

    def die_with_the_guard() -> None:
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        # If the guard died before the call above, this process gets no signal.
        if os.getppid() != guard:
            os._exit(1)

    with (folder / "driver.log").open("wb") as log:
        return subprocess.Popen(
            [chromedriver, "--port=0", "--log-level=SEVERE"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.DEVNULL,
            env=passed_on | home,
            preexec_fn=die_with_the_guard,
        )


def _port_of(driver: "subprocess.Popen[bytes]", log: Path) -> int:
    """Read the driver's port from its log, as soon as it is there."""
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and driver.poll() is None and not _stopping.is_set():
        _, found, after = log.read_text(errors="replace").partition(_PORT_LINE)
        if found and "." in after:
            return int(after[: after.index(".")])
        time.sleep(0.02)
    raise SystemExit("the driver did not start")


def _watch(crawler: int, driver: "subprocess.Popen[bytes]") -> None:
    """Return when the crawler closes the pipe, ends or sends a signal, or when the driver ends."""
    while os.getppid() == crawler and driver.poll() is None and not _stopping.is_set():
        readable, _, _ = select.select([sys.stdin.fileno()], [], [], _CHECK_INTERVAL_SECONDS)
        if readable and not os.read(sys.stdin.fileno(), 1024):
            return
        _reap()


def _kill_descendants() -> None:
    """Kill all descendants, repeatedly, because a process can fork just before it dies."""
    deadline = time.monotonic() + _KILL_SECONDS
    while (left := _descendants(os.getpid())) and time.monotonic() < deadline:
        for pid in left:
            _kill(pid)
        _reap()
        time.sleep(0.02)


def _descendants(pid: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and (parent := _parent_of(entry)) is not None:
            children.setdefault(parent, []).append(int(entry.name))
    found = list(children.get(pid, []))
    for descendant in found:
        found += children.get(descendant, [])
    return found


def _parent_of(process: Path) -> int | None:
    try:
        # The process name stands in brackets and may contain spaces and brackets.
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
    """Reap ended children. ``subprocess`` copes with a driver that was reaped here."""
    try:
        while os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG):
            pass
    except ChildProcessError:
        return


def _prctl(option: int, value: int) -> None:
    if ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl failed")


def _stop(_signal: int, _frame: FrameType | None) -> None:
    """Request the end. Raising an exception here could interrupt the clean-up."""
    _stopping.set()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2]))
