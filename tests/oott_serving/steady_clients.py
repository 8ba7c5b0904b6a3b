"""Clients that send photos all the time, and count what becomes of each request."""

import http.client
import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from tests.oott_serving.servers import Server

# So that they leave time for the start of a worker.
_PAUSE_SECONDS = 0.06


@contextmanager
def steady_clients(server: Server, photo: str, count: int) -> Iterator[Counter[str]]:
    """Run ``count`` clients until the block ends, or until the server refuses connections.

    An outcome is the status and the answer, "refused" if the server accepts no connection, or
    "lost" and the reason if a request got no answer.
    """
    outcomes: Counter[str] = Counter()
    ended = threading.Event()
    body = json.dumps({"base64_image": photo})

    def send_photos() -> None:
        while not ended.is_set() and not outcomes_of(server.port, body, outcomes):
            pass

    clients = [threading.Thread(target=send_photos) for _ in range(count)]
    for client in clients:
        client.start()
    try:
        yield outcomes
    finally:
        ended.set()
        for client in clients:
            client.join()


def outcomes_of(port: int, body: str, outcomes: Counter[str]) -> bool:
    """Send photos on one connection, and tell whether the server refused it."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.connect()
    except ConnectionRefusedError:
        outcomes["refused"] += 1
        return True
    try:
        for _ in range(5):
            connection.request(
                "POST", "/predict/camera", body, {"Content-Type": "application/json"}
            )
            response = connection.getresponse()
            outcomes[f"{response.status} {response.read().decode()}"] += 1
            if response.will_close:
                break
            time.sleep(_PAUSE_SECONDS)
    except (OSError, http.client.HTTPException) as error:
        outcomes[f"lost: {error!r}"] += 1
    finally:
        connection.close()
    return False
