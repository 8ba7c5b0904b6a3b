"""The Graph API source with a loopback server, and functions that tests share."""

import json
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

from pydantic import SecretStr

from oott_assets.photos.sources.graph_api.graph_client import GraphAccount
from oott_assets.photos.sources.graph_api.graph_source import GraphApi
from oott_assets.photos.sources.photo_source import FoundPhoto, ListedPost, UnavailablePhoto
from oott_assets.photos.sources.request_interval import RequestInterval
from oott_fashion.destinations import Destination, DestinationCategory, Destinations
from tests.oott_assets.photos.sources.graph_server import TOKEN, USER, FakePost, GraphServer

SEPTEMBER = date(2026, 9, 1)
IN_SEPTEMBER = datetime(2026, 9, 15, 3, tzinfo=UTC)

SEASIDE = DestinationCategory("seaside", "바닷가")
HONGDAE = Destination("hongdae", "홍대", DestinationCategory("hot-place", "핫플레이스"), ("홍대",))
HAEUNDAE = Destination("haeundae", "해운대", SEASIDE, ("해운대", "해운대해수욕장"))
JEJU = Destination("jeju", "제주", SEASIDE, ("제주", "제주도", "해운대"))
ALL = Destinations([HONGDAE, HAEUNDAE, JEJU])


class Sleeper:
    """A fake of time.sleep that records the waits."""

    def __init__(self) -> None:
        self.waits: list[float] = []

    def __call__(self, seconds: float) -> None:
        if seconds:
            self.waits.append(seconds)


def graph_api(
    server: GraphServer,
    ids_file: Path,
    sleeper: Sleeper,
    max_posts: int = 1000,
    token: str = TOKEN,
) -> GraphApi:
    account = GraphAccount(USER, SecretStr(token), server.url)
    interval = RequestInterval(0, sleeper)
    return GraphApi(account, ALL, ids_file, "Asia/Seoul", max_posts, 10_000, interval)


@contextmanager
def api_with(
    ids_file: Path, sleeper: Sleeper, *posts: FakePost, max_posts: int = 1000
) -> Iterator[tuple[GraphServer, GraphApi]]:
    """A server with ``posts`` of Hongdae, and a source that uses it."""
    with GraphServer({"홍대": posts}) as server:
        yield server, graph_api(server, ids_file, sleeper, max_posts)


def listed(
    source: GraphApi, destination: Destination = HONGDAE, month: date = SEPTEMBER
) -> list[ListedPost]:
    with closing(source.posts(destination, month)) as posts:
        return list(posts)


def shortcodes(
    source: GraphApi, destination: Destination = HONGDAE, month: date = SEPTEMBER
) -> list[str]:
    return [post.shortcode for post in listed(source, destination, month)]


def fetched(source: GraphApi) -> list[FoundPhoto | UnavailablePhoto]:
    """Fetch all photos of Hongdae in September."""
    with closing(source.posts(HONGDAE, SEPTEMBER)) as posts:
        return [photo for post in posts for photo in post.fetch().photos]


def searches(server: GraphServer) -> int:
    return server.paths().count("/ig_hashtag_search")


def many_posts(count: int, prefix: str = "C") -> Sequence[FakePost]:
    return [FakePost(f"{prefix}{number}") for number in range(count)]


def used_hashtags(count: int) -> list[str]:
    return [str(number) for number in range(count)]


def usage(percent: float) -> dict[str, str]:
    return {"X-App-Usage": json.dumps({"call_count": percent, "total_time": 3})}


def business_usage(minutes: float) -> dict[str, str]:
    use = {"type": "instagram", "call_count": 30, "estimated_time_to_regain_access": minutes}
    return {"X-Business-Use-Case-Usage": json.dumps({"178414": [use]})}
