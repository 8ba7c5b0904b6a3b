"""Measures where the CPU time of a request goes."""

import http.client
import json
from collections import Counter
from collections.abc import Sequence

from benchmarks.serving import raw_engine
from benchmarks.serving.servers import Server


def measure(server: Server, photos: Sequence[bytes], requests: int) -> dict[str, float]:
    """Send photos from one client, and divide the CPU time of a request, in ms, among its parts.

    A stage is measured with the clock, so other programs must not take its core.
    """
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    stages: Counter[str] = Counter()
    cpu = server.cpu_seconds()
    for request in range(requests):
        photo = photos[request % len(photos)]
        connection.request("POST", "/predict/garments", photo, {"Content-Type": "image/jpeg"})
        stages.update(json.load(connection.getresponse())["milliseconds"])
    total = 1000 * (server.cpu_seconds() - cpu) / requests
    parts = {stage: spent / requests for stage, spent in stages.items() if stage != "waiting"}
    engine = raw_engine.measure(photos, runs=200, processes=1).cpu_milliseconds
    detection = parts.pop("detection")
    parts |= {"engine": engine, "rest of the detection": detection - engine}
    return parts | {"HTTP and all else": total - sum(parts.values()), "sum": total}
