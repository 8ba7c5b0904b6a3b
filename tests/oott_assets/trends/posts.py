"""A fake photo source with given posts, which records what is fetched."""

import io
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

import numpy as np
from PIL import Image

from oott_assets.photos.sources.photo_source import (
    FetchedPost,
    FoundPhoto,
    ListedPost,
    UnavailablePhoto,
)
from oott_fashion.destinations import Destination

IN_SEPTEMBER = datetime(2026, 9, 5, 3, tzinfo=UTC)


def jpeg(seed: int, side: int = 64) -> bytes:
    """Make a photo of blurred blocks; each ``seed`` gives a different photo."""
    blocks = np.random.default_rng(seed).integers(0, 256, (5, 5, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(blocks).resize((side, side), Image.Resampling.BICUBIC).save(file, "JPEG")
    return file.getvalue()


@dataclass
class Post:
    """A post of a fake source: its photos, or the error that fetching it raises."""

    shortcode: str
    photos: Sequence[bytes | UnavailablePhoto] = ()
    taken_at: datetime | None = IN_SEPTEMBER
    error: Exception | None = None


@dataclass
class FakeSource:
    """Lists and fetches ``listed_posts``; calls ``before`` with each shortcode before fetching."""

    listed_posts: list[Post]
    before: Callable[[str], None] = lambda _shortcode: None
    name: str = "fake"
    shows_people: bool = False
    uses_network: bool = True
    fetched: list[str] = field(default_factory=list)
    closed: bool = False

    def posts(self, _destination: Destination, _month: date) -> Generator[ListedPost, None, None]:
        try:
            for post in self.listed_posts:
                yield ListedPost(
                    post.shortcode,
                    lambda post=post: self._fetch(post),  # type: ignore[misc]
                    permalink=f"https://www.instagram.com/p/{post.shortcode}/",
                    hashtag="홍대",
                )
        finally:
            self.closed = True

    def _fetch(self, post: Post) -> FetchedPost:
        self.before(post.shortcode)
        self.fetched.append(post.shortcode)
        if post.error is not None:
            raise post.error
        names = (f"{post.shortcode}-{number}.jpg" for number in range(1, 21))
        return FetchedPost(
            post.taken_at,
            [
                photo if isinstance(photo, UnavailablePhoto) else FoundPhoto(name, photo)
                for name, photo in zip(names, post.photos, strict=False)
            ],
        )
