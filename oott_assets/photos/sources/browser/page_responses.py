"""What a page's documents and scripts were answered, read off the driver's performance log."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass

# Most of what is logged is of pictures: only what may be an answer is parsed.
_MAY_BE_ONE = re.compile(r"Network\.(requestWillBeSent|responseReceived|loadingFailed)\"")

_KINDS = ("Document", "Fetch", "XHR")

# A failure is told without its URL: so many requests are remembered by their numbers.
_MAX_REMEMBERED = 1000


@dataclass(frozen=True)
class PageResponse:
    """How a site answered a request of a page; status 0 is none at all."""

    kind: str
    url: str
    status: int
    retry_after: str | None


def responses_in(
    log: Iterable[Mapping[str, str]], asked: MutableMapping[str, str]
) -> list[PageResponse]:
    """Read the answers in the entries of a performance log.

    ``asked`` remembers URLs by the numbers of requests, from one call to the next.
    """
    texts = [entry["message"] for entry in log if _MAY_BE_ONE.search(entry["message"])]
    messages = [json.loads(text)["message"] for text in texts]
    return [
        it for found in messages for it in _responses_in(found["method"], found["params"], asked)
    ]


def _responses_in(
    method: str, facts: Mapping[str, object], asked: MutableMapping[str, str]
) -> Iterator[PageResponse]:
    kind, number = str(facts.get("type", "")), str(facts.get("requestId", ""))
    if kind not in _KINDS:
        return
    request, response = facts.get("request"), facts.get("response")
    if isinstance(request, dict):
        _remember(asked, number, str(request["url"]))
    elif isinstance(response, dict):
        headers = {str(name).lower(): str(value) for name, value in response["headers"].items()}
        yield PageResponse(
            kind, str(response["url"]), int(response["status"]), headers.get("retry-after")
        )
    elif method == "Network.loadingFailed" and not facts.get("canceled"):
        yield PageResponse(kind, asked.get(number, ""), 0, None)


def _remember(asked: MutableMapping[str, str], number: str, url: str) -> None:
    asked[number] = url
    while len(asked) > _MAX_REMEMBERED:
        del asked[next(iter(asked))]
