"""A photo store that a test crawls into, and a check that the store is consistent."""

import hashlib
import io
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from oott_assets.partitions import MonthAndDestination
from oott_assets.photos.collection import Collected, Collector
from oott_assets.photos.sources.photo_source import PhotoSource
from oott_assets.photos.store.manifest import ManifestRow
from oott_assets.photos.store.photo_store import PhotoStore
from tests.instagram.posts import Post
from tests.oott_assets.photos.sources.browser.crawls import HONGDAE, SEPTEMBER

HASHTAG = "홍대"
_PARTITION = MonthAndDestination(SEPTEMBER, HONGDAE)


@dataclass(frozen=True)
class CrawledStore:
    """The photos of one destination and month under ``root``; the photos show no faces."""

    root: str

    @property
    def photos(self) -> PhotoStore:
        return PhotoStore(root=self.root, max_pixels=10_000_000, hide_faces=False)

    def crawl(self, source: PhotoSource) -> Collected:
        collector = Collector(source, self.photos, "Asia/Seoul", max_posts=100)
        return collector.collect(_PARTITION, logging.getLogger("crawl"))

    def rows(self) -> list[ManifestRow]:
        return self.photos.month(HONGDAE.slug, SEPTEMBER).manifest()

    def states(self) -> dict[str, str]:
        """Give the state of each post that has at most one photo."""
        return {row.shortcode: row.state for row in self.rows()}

    def reason(self, shortcode: str) -> str:
        [row] = [row for row in self.rows() if row.shortcode == shortcode]
        return row.reason or ""

    def assert_sound(self, posts: Iterable[Post]) -> None:
        """Check that the manifest lists all ``posts`` and that the store has only their photos.

        Each kept photo has its hash and no EXIF. There is no journal, and no photo without a row. A
        killed writer leaves a hidden file, which later writers remove.
        """
        rows, stored = self.rows(), self.photos.month(HONGDAE.slug, SEPTEMBER)
        assert {row.shortcode for row in rows} == {post.shortcode for post in posts}
        assert len({row.name for row in rows}) == len(rows)
        assert all((row.state == "kept") == (row.sha256 is not None) for row in rows)
        for row in rows:
            if row.sha256 is not None:
                content = stored.content(row.sha256)
                assert hashlib.sha256(content).hexdigest() == row.sha256
                with Image.open(io.BytesIO(content)) as photo:
                    assert dict(photo.getexif()) == {}
                    assert "exif" not in photo.info
        expected = {f"photos/hongdae/2026-09/{row.sha256}" for row in rows if row.sha256}
        if "://" not in self.root:
            files = [path for path in Path(self.root).rglob("*") if path.is_file()]
            found = {str(file.relative_to(self.root)) for file in files if file.name[0] != "."}
            assert found == expected | {"manifests/hongdae/2026-09.parquet"}
