"""Reads the HTTP responses of a page's documents and scripts from the performance log."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass

# Most entries are about images. Only possible responses are parsed.
_POSSIBLE_RESPONSE = re.compile(r"Network\.(requestWillBeSent|responseReceived|loadingFailed)\"")

_KINDS = ("Document", "Fetch", "XHR")


@dataclass(frozen=True)
class PageResponse:
    """The response to a request of a page; status 0 if there was no response."""

    kind: str
    url: str
    status: int
    retry_after: str | None


def responses_in(
    log: Iterable[Mapping[str, str]], requested_urls: MutableMapping[str, str]
) -> list[PageResponse]:
    """Read the responses in the entries of a performance log.

    ``requested_urls`` keeps URLs by request id from one call to the next, because a failure is
    logged without its URL.
    """
    texts = [entry["message"] for entry in log if _POSSIBLE_RESPONSE.search(entry["message"])]
    messages = [json.loads(text)["message"] for text in texts]
    return [
        response
        for found in messages
        for response in _responses_in(found["method"], found["params"], requested_urls)
    ]


def _responses_in(
    method: str, facts: Mapping[str, object], requested_urls: MutableMapping[str, str]
) -> Iterator[PageResponse]:
    kind, request_id = str(facts.get("type", "")), str(facts.get("requestId", ""))
    if kind not in _KINDS:
        return
    request, response = facts.get("request"), facts.get("response")
    if isinstance(request, dict):
        requested_urls[request_id] = str(request["url"])
    elif isinstance(response, dict):
        headers = {str(name).lower(): str(value) for name, value in response["headers"].items()}
        yield PageResponse(
            kind, str(response["url"]), int(response["status"]), headers.get("retry-after")
        )
    elif method == "Network.loadingFailed" and not facts.get("canceled"):
        yield PageResponse(kind, requested_urls.get(request_id, ""), 0, None)
