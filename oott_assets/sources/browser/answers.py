"""What a page's documents and scripts were answered, read off the driver's performance log."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

# Most of what is logged is of pictures: only what may be an answer is parsed.
_MAY_BE_ONE = re.compile(r"Network\.(responseReceived|loadingFailed)\"")


@dataclass(frozen=True)
class Answer:
    """How a site answered a request of a page; status 0 is none at all."""

    kind: str
    url: str
    status: int
    retry_after: str | None


def answers_in(log: Iterable[Mapping[str, str]]) -> list[Answer]:
    """Read the answers in the entries of a performance log."""
    texts = [entry["message"] for entry in log if _MAY_BE_ONE.search(entry["message"])]
    messages = [json.loads(text)["message"] for text in texts]
    return [it for found in messages for it in _answers_in(found["method"], found["params"])]


def _answers_in(method: str, facts: Mapping[str, object]) -> Iterator[Answer]:
    kind = str(facts.get("type", ""))
    if kind not in ("Document", "Fetch", "XHR"):
        return
    response = facts.get("response")
    if isinstance(response, dict):
        headers = {str(name).lower(): str(value) for name, value in response["headers"].items()}
        yield Answer(
            kind, str(response["url"]), int(response["status"]), headers.get("retry-after")
        )
    elif method == "Network.loadingFailed" and not facts.get("canceled"):
        yield Answer(kind, "", 0, None)
