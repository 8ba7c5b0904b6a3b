"""The errors of the Graph API: which may pass, which the user must mend, which is a mere fact.

Source: Meta's references of Graph API and of Instagram Platform error codes.
"""

from oott_assets.photos.sources.graph_api.graph_responses import GraphError
from oott_assets.photos.sources.http_requests import RequestFailed, TooManyRequests
from oott_assets.photos.sources.photo_source import PhotosUnknown

# Meta counts calls by the hour, so that asking again within seconds only adds to them.
_RATE_WAIT_SECONDS = 60.0

_BAD_TOKEN = frozenset((102, 190))
_NO_PERMISSION = frozenset((3, 10, *range(200, 300)))
_TOO_MANY_CALLS = frozenset((4, 17, 32, 613, 80002))
_MAY_PASS = frozenset((1, 2))
_HASHTAGS_USED_UP, _HASHTAGS_USED_UP_SUBCODE = 18, 2207034

# Codes with their subcodes: 24 and 100 alone stand for other errors, too.
_NO_SUCH_HASHTAG = (24, 2207024)
_NO_SUCH_ID = (100, 33)


class NoSuchId(PhotosUnknown):
    """The API knows nothing by an id; one that was remembered may be out of date."""


class NoSuchHashtag(NoSuchId):
    """Instagram knows no such hashtag; in answer to a search that means that it has no posts."""


def meaning_of(error: GraphError, said: str, wait_seconds: float) -> Exception:
    """Tell what to raise for ``error``: RequestFailed, or PhotosUnknown or a kind of it.

    ``said`` is its message without secrets, ``wait_seconds`` what the answer asks to wait.
    """
    code, subcode = error.code, error.error_subcode
    if code == _HASHTAGS_USED_UP or subcode == _HASHTAGS_USED_UP_SUBCODE:
        return PhotosUnknown(
            "the account has searched the 30 hashtags that Instagram allows in 7 days; which "
            "destinations still fit is said by: python -m oott_assets.photos.sources.graph_api "
            f"({said})"
        )
    if (code, subcode) == _NO_SUCH_HASHTAG:
        return NoSuchHashtag(f"the Graph API knows no such hashtag ({said})")
    if (code, subcode) == _NO_SUCH_ID:
        return NoSuchId(f"the Graph API refuses the question ({said})")
    if code in _BAD_TOKEN:
        return PhotosUnknown(
            f"the access token is expired or invalid; renew OOTT_GRAPH_TOKEN ({said})"
        )
    if code in _NO_PERMISSION:
        return PhotosUnknown(
            "the app lacks a permission; hashtags need instagram_basic and the feature Instagram "
            f"Public Content Access, both approved by Meta's App Review ({said})"
        )
    if code in _TOO_MANY_CALLS:
        wait = max(wait_seconds, _RATE_WAIT_SECONDS)
        return TooManyRequests(f"the Graph API says: too many calls ({said})", wait)
    if code in _MAY_PASS or error.is_transient:
        return RequestFailed(f"the Graph API failed ({said})", wait_seconds)
    return PhotosUnknown(f"the Graph API refuses the question ({said})")
