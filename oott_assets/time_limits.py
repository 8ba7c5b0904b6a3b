"""Calls that must end within a time limit."""

from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import TypeVar

_Result = TypeVar("_Result")


def within(seconds: float, call: Callable[[], _Result]) -> _Result:
    """Give the result of ``call``, which may block.

    After the limit, ``call`` goes on in its thread, and its result is lost. The timeouts of sockets
    are no such limit: they begin again with each byte that a slow server sends.

    Raises:
        TimeoutError: ``call`` has no result after ``seconds``.
    """
    future: Future[_Result] = Future()

    def work() -> None:
        try:
            future.set_result(call())
        except BaseException as error:  # noqa: BLE001 - raised again in the thread that waits
            future.set_exception(error)

    # Python waits for other threads before it ends, and those of ThreadPoolExecutor are among them.
    Thread(target=work, daemon=True).start()
    return future.result(seconds)
