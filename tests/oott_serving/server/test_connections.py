"""Tests the time limit and the number of connections, over real HTTP on uvicorn."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import uvicorn
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from oott_serving.server.connections import BoundedConnection

REQUEST = b"GET / HTTP/1.1\r\nHost: closet\r\n\r\n"


class Impatient(BoundedConnection):
    """A connection that may be idle for a short time only, and has few others beside it."""

    max_answers = 3

    max_idle_seconds = 0.2
    max_connections = 3


async def slow_app(scope: Scope, receive: Receive, send: Send) -> None:
    await asyncio.sleep(0.4)  # longer than a connection may be idle
    await PlainTextResponse("hello")(scope, receive, send)


Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Connect = Callable[[], Awaitable[Connection]]


@asynccontextmanager
async def serving() -> AsyncIterator[Connect]:
    config = uvicorn.Config(slow_app, port=0, http=Impatient, lifespan="off", log_level="error")
    server = uvicorn.Server(config)
    served = asyncio.create_task(server._serve())
    while not server.started:
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield lambda: asyncio.open_connection("127.0.0.1", port)
    finally:
        server.should_exit = True
        await served


async def is_closed_within(connection: Connection, seconds: float) -> bool:
    try:
        return await asyncio.wait_for(connection[0].read(), seconds) == b""
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False


def test_a_connection_without_complete_headers_is_closed_in_time() -> None:
    async def trickle(connection: Connection) -> None:
        for byte in REQUEST[:-1]:
            connection[1].write(bytes([byte]))
            await asyncio.sleep(0.02)

    async def connect() -> list[bool]:
        async with serving() as open_connection:
            silent, slow = await open_connection(), await open_connection()
            bytes_now_and_then = asyncio.create_task(trickle(slow))
            closed = [await is_closed_within(connection, 0.5) for connection in (silent, slow)]
            bytes_now_and_then.cancel()
            return closed

    assert asyncio.run(connect()) == [True, True]


def test_a_connection_stays_open_while_its_request_is_answered_and_between_requests() -> None:
    async def send_two() -> list[bytes]:
        async with serving() as open_connection:
            reader, writer = await open_connection()
            answers = []
            for _ in range(2):
                writer.write(REQUEST)
                answers.append(await reader.readuntil(b"hello"))
                await asyncio.sleep(0.1)
            assert await is_closed_within((reader, writer), 0.5)
            return answers

    assert [answer[:15] for answer in asyncio.run(send_two())] == [b"HTTP/1.1 200 OK"] * 2


def test_a_connection_is_closed_with_its_last_answer_and_says_so() -> None:
    async def send_all() -> tuple[list[bytes], bool, list[int]]:
        async with serving() as open_connection:
            reader, writer = await open_connection()
            answers, unanswered = [], []
            for _ in range(Impatient.max_answers):
                writer.write(REQUEST)
                await asyncio.sleep(0.05)
                unanswered.append(BoundedConnection.unanswered)
                answers.append(await reader.readuntil(b"hello"))
            is_closed = await is_closed_within((reader, writer), 0.05)
            return answers, is_closed, [*unanswered, BoundedConnection.unanswered]

    answers, is_closed, unanswered = asyncio.run(send_all())

    assert [b"connection: close" in answer for answer in answers] == [False, False, True]
    assert is_closed
    assert unanswered == [1, 1, 1, 0]


def test_one_connection_too_many_closes_the_one_that_is_idle_longest() -> None:
    async def connect() -> list[bool]:
        async with serving() as open_connection:
            working = await open_connection()
            working[1].write(REQUEST)
            idle = [await open_connection() for _ in range(2)]
            await asyncio.sleep(0.02)
            newest = await open_connection()
            newest[1].write(REQUEST)
            closed = [await is_closed_within(connection, 0.05) for connection in idle]
            for reader, _ in (working, newest):
                assert (await reader.readuntil(b"hello")).startswith(b"HTTP/1.1 200 OK")
            return closed

    assert asyncio.run(connect()) == [True, False]


def test_one_connection_too_many_is_closed_itself_if_the_others_work() -> None:
    async def connect() -> list[bool]:
        async with serving() as open_connection:
            working = [await open_connection() for _ in range(3)]
            for _, writer in working:
                writer.write(REQUEST)
            await asyncio.sleep(0.02)
            return [await is_closed_within(await open_connection(), 0.1)]

    assert asyncio.run(connect()) == [True]
