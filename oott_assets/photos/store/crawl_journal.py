"""The crawl journal records the outcome of each post. A run uses it to continue an interrupted run.

The journal has one blob per post. The blob is written when the photos of the post are stored. At
the end of the crawl the manifest replaces the journal.
"""

import base64
import hashlib
import json
import logging
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from oott_assets.parquet import damage_reported
from oott_assets.photos.store.manifest import ManifestRow
from oott_fashion.stores.blobs import Blobs, DamagedBlob
from oott_fashion.vision.near_duplicates import PerceptualHash

_log = logging.getLogger(__name__)

_BITS = 64
_MOMENTS = ("taken_at", "fetched_at")


@dataclass(frozen=True)
class JournalledPost:
    """The manifest rows of one post, and the perceptual hashes of its photos by sha256."""

    rows: Sequence[ManifestRow]
    perceptual_hashes: Mapping[str, PerceptualHash]
    hides_faces: bool

    @property
    def shortcode(self) -> str:
        return self.rows[0].shortcode

    @property
    def source(self) -> str:
        return self.rows[0].source

    @property
    def hashes(self) -> set[str]:
        """The hashes of the stored photos."""
        return {row.sha256 for row in self.rows if row.sha256}

    @property
    def is_incomplete(self) -> bool:
        """Tell whether the post was gone, or one of its photos could not be fetched."""
        return any(row.state in ("refused", "gone") for row in self.rows)


class CrawlJournal:
    """The journal of one destination and month."""

    def __init__(self, blobs: Blobs, folder: str) -> None:
        self._blobs = blobs
        self._folder = folder

    def posts(self) -> list[JournalledPost]:
        """Read all posts in the journal, in no particular order.

        Posts whose file is damaged are left out and logged, so that they are fetched again.
        """
        posts = []
        for name in self._blobs.names(self._folder):
            content = self._blobs.read(name)
            try:
                with damage_reported(self._blobs.where(name), "its post is fetched again"):
                    posts.append(_post_in(content))
            except DamagedBlob as error:
                _log.warning("%s", error)
        return posts

    def write(self, post: JournalledPost) -> None:
        self._blobs.write(self._named(post.shortcode), _file_of(post))

    def remove(self, shortcode: str) -> None:
        """Remove a post from the journal."""
        self._blobs.delete(self._named(shortcode))

    def end(self) -> None:
        """Delete the journal."""
        self._blobs.delete_all(self._folder)

    def contains(self, shortcode: str) -> bool:
        return self._blobs.exists(self._named(shortcode))

    def _named(self, shortcode: str) -> str:
        # Shortcodes come from web pages, so they may contain path parts such as "../manifests".
        return f"{self._folder}/{hash_of(shortcode)}.json"


def hash_of(shortcode: str) -> str:
    """Hash a shortcode or file name; composed and decomposed Unicode give the same hash."""
    return hashlib.sha256(unicodedata.normalize("NFC", shortcode).encode()).hexdigest()


def _file_of(post: JournalledPost) -> bytes:
    written = {
        "rows": [row._asdict() for row in post.rows],
        "glimpses": {
            sha256: base64.b64encode(
                perceptual_hash.bits.tobytes() + perceptual_hash.thumbnail.tobytes()
            ).decode()
            for sha256, perceptual_hash in post.perceptual_hashes.items()
        },
        "hides_faces": post.hides_faces,
    }
    return json.dumps(written, default=datetime.isoformat, ensure_ascii=False).encode()


def _post_in(file: bytes) -> JournalledPost:
    written = json.loads(file)
    return JournalledPost(
        [_row_in(row) for row in written["rows"]],
        {sha256: _perceptual_hash_in(encoded) for sha256, encoded in written["glimpses"].items()},
        written["hides_faces"],
    )


def _row_in(written: dict[str, Any]) -> ManifestRow:
    moments = {
        name: datetime.fromisoformat(written[name])
        for name in _MOMENTS
        if written[name] is not None
    }
    return ManifestRow(**written | moments)


def _perceptual_hash_in(written: str) -> PerceptualHash:
    levels = np.frombuffer(base64.b64decode(written), dtype=np.uint8)
    side = round((len(levels[_BITS:]) / 3) ** 0.5)
    return PerceptualHash(levels[:_BITS], levels[_BITS:].reshape(side, side, 3))
