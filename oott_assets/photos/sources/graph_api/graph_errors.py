"""Maps error codes of the Graph API to exceptions: retry, wait, or tell the user what to fix.

Source: Meta's references of Graph API and of Instagram Platform error codes.
"""

from oott_assets.photos.sources.graph_api.graph_responses import GraphError
from oott_assets.photos.sources.http_requests import RequestFailed, TooManyRequests
from oott_assets.photos.sources.photo_source import PhotosUnknown

# Meta counts calls per hour, so a retry after seconds would only add to the count.
_RATE_WAIT_SECONDS = 60.0

_BAD_TOKEN = frozenset((102, 190))
_NO_PERMISSION = frozenset((3, 10, *range(200, 300)))
_TOO_MANY_CALLS = frozenset((4, 17, 32, 613, 80002))
_TEMPORARY = frozenset((1, 2))
_TOO_MUCH_DATA = 1
_HASHTAGS_USED_UP, _HASHTAGS_USED_UP_SUBCODE = 18, 2207034

# Pairs of code and subcode. The codes 24 and 100 alone also stand for other errors.
_NO_SUCH_HASHTAG = (24, 2207024)
_NO_SUCH_ID = (100, 33)


class NoSuchId(PhotosUnknown):
    """The API does not know an id; a stored id may be out of date."""


class TooMuchData(Exception):
    """The API asks for a request with a lower limit."""


class NoSuchHashtag(NoSuchId):
    """Instagram does not know a hashtag. If a search says so, the hashtag has no posts."""


def exception_for(
    error: GraphError, message: str, wait_seconds: float, limit: int = 1
) -> Exception:
    """Choose the exception to raise for ``error``, the response to a request of ``limit`` entries.

    ``message`` is its text without secrets, ``wait_seconds`` the wait that the response asks for.
    """
    code, subcode = error.code, error.error_subcode
    # Code 1 means an unknown error, or: "Please reduce the amount of data you're asking for".
    if code == _TOO_MUCH_DATA and limit > 1:
        return TooMuchData(message)
    if code == _HASHTAGS_USED_UP or subcode == _HASHTAGS_USED_UP_SUBCODE:
        return PhotosUnknown(
            "the account has searched the 30 hashtags that Instagram allows in 7 days; to "
            "see which destinations are still possible, run: "
            "python -m oott_assets.photos.sources.graph_api "
            f"({message})"
        )
    if (code, subcode) == _NO_SUCH_HASHTAG:
        return NoSuchHashtag(f"the Graph API does not know the hashtag ({message})")
    if (code, subcode) == _NO_SUCH_ID:
        return NoSuchId(f"the Graph API refuses the request ({message})")
    if code in _BAD_TOKEN:
        return PhotosUnknown(
            f"the access token is expired or invalid; renew OOTT_GRAPH_TOKEN ({message})"
        )
    if code in _NO_PERMISSION:
        return PhotosUnknown(
            "the app lacks a permission; a hashtag search needs instagram_basic and Instagram "
            f"Public Content Access, both approved by Meta's App Review ({message})"
        )
    if code in _TOO_MANY_CALLS:
        wait = max(wait_seconds, _RATE_WAIT_SECONDS)
        return TooManyRequests(f"the Graph API answered: too many calls ({message})", wait)
    if code in _TEMPORARY or error.is_transient:
        return RequestFailed(f"the Graph API failed ({message})", wait_seconds)
    return PhotosUnknown(f"the Graph API refuses the request ({message})")
