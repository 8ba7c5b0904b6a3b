"""The crawl journal records the outcome of each post. A run uses it to continue an interrupted run.

The journal has one blob per post. The blob is written when the photos of the post are stored. At
the end of the crawl the manifest replaces the journal.
"""

import base64
import hashlib
import logging
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np
from pydantic import BaseModel, PlainSerializer

from oott_assets.parquet import damage_reported
from oott_assets.photos.store.manifest import ManifestRow
from oott_fashion.stores.blobs import Blobs, DamagedBlob
from oott_fashion.vision.near_duplicates import PerceptualHash

_log = logging.getLogger(__name__)

_BITS = 64


@dataclass(frozen=True)
class Forgotten:
    """The names of forgotten posts and photos, as hashes."""

    hashes: frozenset[str] = frozenset()

    def __contains__(self, name: str) -> bool:
        return hash_of(name) in self.hashes


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

    def without(self, forgotten: Forgotten) -> "JournalledPost":
        """Leave out the photos that are forgotten, but not their rows."""
        rows = [row.forgotten() if row.name in forgotten else row for row in self.rows]
        left = {row.sha256 for row in rows}
        hashes = {sha256: one for sha256, one in self.perceptual_hashes.items() if sha256 in left}
        return replace(self, rows=rows, perceptual_hashes=hashes)


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

    def forget(self, forgotten: Forgotten) -> None:
        """Remove posts and photos that are forgotten."""
        for post in self.posts():
            if post.shortcode in forgotten:
                self.remove(post.shortcode)
            elif any(row.name in forgotten for row in post.rows):
                self.write(post.without(forgotten))

    def end(self) -> None:
        """Delete the journal."""
        self._blobs.delete_all(self._folder)

    def _named(self, shortcode: str) -> str:
        # Shortcodes come from web pages, so they may contain path parts such as "../manifests".
        return f"{self._folder}/{hash_of(shortcode)}.json"


def hash_of(shortcode: str) -> str:
    """Hash a shortcode or file name; composed and decomposed Unicode give the same hash."""
    return hashlib.sha256(unicodedata.normalize("NFC", shortcode).encode()).hexdigest()


class _Entry(BaseModel):
    """The file of a post; ``glimpses`` has the bits and the thumbnail of each hash, in base64."""

    rows: list[Annotated[ManifestRow, PlainSerializer(ManifestRow._asdict)]]
    glimpses: dict[str, str]
    hides_faces: bool


def _file_of(post: JournalledPost) -> bytes:
    glimpses = {
        sha256: base64.b64encode(seen.bits.tobytes() + seen.thumbnail.tobytes()).decode()
        for sha256, seen in post.perceptual_hashes.items()
    }
    entry = _Entry(rows=list(post.rows), glimpses=glimpses, hides_faces=post.hides_faces)
    return entry.model_dump_json().encode()


def _post_in(file: bytes) -> JournalledPost:
    entry = _Entry.model_validate_json(file)
    hashes = {sha256: _perceptual_hash_in(encoded) for sha256, encoded in entry.glimpses.items()}
    return JournalledPost(entry.rows, hashes, entry.hides_faces)


def _perceptual_hash_in(written: str) -> PerceptualHash:
    levels = np.frombuffer(base64.b64decode(written), dtype=np.uint8)
    side = round((len(levels[_BITS:]) / 3) ** 0.5)
    return PerceptualHash(levels[:_BITS], levels[_BITS:].reshape(side, side, 3))
