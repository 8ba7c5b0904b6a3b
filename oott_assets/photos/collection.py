"""Collects the posts of a destination and month: each brought once, stored, and accounted for.

Of a source that asks a site, every post is journalled when its photos are stored: a run that was
stopped is gone on with by the next, which asks for no post again.
"""

from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from logging import Logger
from zoneinfo import ZoneInfo

from oott_assets.partitions import MonthAndDestination
from oott_assets.photos.privacy.faces import FaceHider
from oott_assets.photos.sources.photo_source import (
    FetchedPost,
    ListedPost,
    PhotoSource,
    PostGone,
    SourceBusyForHours,
    UnavailablePhoto,
)
from oott_assets.photos.store.crawl_journal import JournalledPost
from oott_assets.photos.store.manifest import ManifestRow, State
from oott_assets.photos.store.photo_store import PhotoStore
from oott_assets.photos.store.stored_month import StoredMonth
from oott_assets.reports.progress import with_progress
from oott_fashion.stores.blobs import Lock
from oott_fashion.vision.near_duplicates import PerceptualHash, groups_of, near_duplicates
from oott_fashion.vision.photos import PhotoTooLarge, UnreadablePhoto

# Of a hashtag, a post or two may be gone by the time they are opened; all of so many are not.
_MANY_GONE = 5


@dataclass
class Collected:
    """What a collection found, and how many of its posts an earlier run had brought."""

    posts: dict[str, JournalledPost] = field(default_factory=dict)
    rows: list[ManifestRow] = field(default_factory=list)
    listed: int = 0
    resumed: int = 0
    forgotten: int = 0
    cut: bool = False
    dropped: int = 0


@dataclass(frozen=True)
class Collector:
    """Collects from ``source`` into ``store``; of a site, ``max_posts`` are asked for."""

    source: PhotoSource
    store: PhotoStore
    timezone: str
    max_posts: int

    def collect(self, partition: MonthAndDestination, log: Logger) -> Collected:
        """Collect the photos of a partition, saying in ``log`` how far it has come.

        Raises:
            PhotosUnknown: which photos there are cannot be told; the manifest stays as it was.
            FacesNotHidden: faces cannot be made unrecognisable, so that nothing was stored.
            AlreadyLocked, LockLost: another run collects the same partition.
            OSError: the store is full or cannot be reached.
        """
        stored = self.store.month(partition.destination.slug, partition.month)
        faces = self.store.face_hider() if self.source.shows_people else None
        keeper = _Keeper(stored, faces, partition.month, self.timezone, self.source.name)
        with stored.locked() as lock:
            collected = self._begun(stored)
            with closing(self._listed(partition, collected)) as listed:
                for post in with_progress(listed, log, "posts collected"):
                    if post is not None:
                        brought = self._brought(post, keeper, stored, lock)
                        collected.posts[post.shortcode] = brought
            self._finish(collected, stored, lock)
        return collected

    def _brought(
        self, post: ListedPost, keeper: "_Keeper", stored: StoredMonth, lock: Lock
    ) -> JournalledPost:
        brought = keeper.kept(post)
        if self.source.uses_network:
            lock.check()
            stored.journal.write(brought)
        return brought

    @property
    def _hides_faces(self) -> bool:
        return self.source.shows_people and self.store.hide_faces

    def _begun(self, stored: StoredMonth) -> Collected:
        """Go on where a run before stopped, if it asked the same site and hid faces likewise."""
        posts = stored.journal.posts()
        hides_faces = self._hides_faces
        alike = all(it.source == self.source.name and it.hides_faces == hides_faces for it in posts)
        if self.source.uses_network and alike:
            return Collected(posts={it.shortcode: it for it in posts}, resumed=len(posts))
        stored.journal.end()
        return Collected()

    def _listed(
        self, partition: MonthAndDestination, collected: Collected
    ) -> Generator[ListedPost | None, None, None]:
        """List each post once; None stands for one that is not to be brought."""
        # What a site would not give to the run that was stopped, it may give to this one.
        known = {it.shortcode for it in collected.posts.values() if not it.is_incomplete}
        seen: set[str] = set()
        with closing(self.source.posts(partition.destination, partition.month)) as posts:
            for post in posts:
                if post.shortcode in seen:
                    continue
                if self.source.uses_network and len(seen) == self.max_posts:
                    collected.cut = True
                    return
                seen.add(post.shortcode)
                collected.listed += 1
                forgotten = self.store.is_forgotten(post.shortcode)
                collected.forgotten += forgotten
                yield None if forgotten or post.shortcode in known else post

    def _finish(self, collected: Collected, stored: StoredMonth, lock: Lock) -> None:
        # Of what was asked to be forgotten while this run went on, nothing may come back.
        posts = collected.posts.values()
        remaining = [it for it in posts if not self.store.is_forgotten(it.shortcode)]
        rows = deduplicated(remaining)
        collected.rows = [row for row in rows if not self.store.is_forgotten(row.shortcode)]
        if self.source.uses_network:
            _refuse_a_month_that_was_kept_back(collected.rows)
        lock.check()
        stored.write_manifest(collected.rows)
        stored.journal.end()
        collected.dropped = stored.delete_unlisted()


@dataclass(frozen=True)
class _Keeper:
    """Brings posts, stores those of ``month`` and says of the others why not."""

    stored: StoredMonth
    faces: FaceHider | None
    month: date
    timezone: str
    source: str

    def kept(self, post: ListedPost) -> JournalledPost:
        if self._is_of_another_month(post.taken_at):
            return self._without_photo(post, "other month")
        try:
            brought = post.fetch()
        except PostGone as error:
            return self._without_photo(post, "gone", str(error))
        dated = replace(post, taken_at=brought.taken_at or post.taken_at)
        if self._is_of_another_month(dated.taken_at):
            return self._without_photo(dated, "other month")
        return self._with_photos(dated, brought)

    def _is_of_another_month(self, taken_at: datetime | None) -> bool:
        if taken_at is None:
            return False
        local = taken_at.astimezone(ZoneInfo(self.timezone))
        return (local.year, local.month) != (self.month.year, self.month.month)

    def _with_photos(self, post: ListedPost, brought: FetchedPost) -> JournalledPost:
        rows: list[ManifestRow] = []
        perceptual_hashes: dict[str, PerceptualHash] = {}
        for photo in brought.photos:
            if isinstance(photo, UnavailablePhoto):
                rows.append(self._row(post, photo.name, "refused", photo.reason))
                continue
            try:
                kept = self.stored.keep(photo.content, self.faces)
            except (UnreadablePhoto, PhotoTooLarge) as error:
                rows.append(self._row(post, photo.name, "unreadable", str(error)))
                continue
            perceptual_hashes[kept.sha256] = kept.perceptual_hash
            rows.append(kept.on(self._row(post, photo.name, "kept", None)))
        if not rows:
            return self._without_photo(post, "no photo")
        return JournalledPost(rows, perceptual_hashes, self.faces is not None)

    def _without_photo(
        self, post: ListedPost, state: State, reason: str | None = None
    ) -> JournalledPost:
        row = self._row(post, post.shortcode, state, reason)
        return JournalledPost([row], {}, self.faces is not None)

    def _row(self, post: ListedPost, name: str, state: State, reason: str | None) -> ManifestRow:
        return ManifestRow(
            shortcode=post.shortcode,
            name=name,
            state=state,
            reason=reason,
            sha256=None,
            width=None,
            height=None,
            faces_hidden=0,
            taken_at=post.taken_at,
            permalink=post.permalink,
            hashtag=post.hashtag,
            source=self.source,
            fetched_at=datetime.now(UTC),
        )


def _refuse_a_month_that_was_kept_back(rows: Sequence[ManifestRow]) -> None:
    """Tell a site that shows posts and gives none from a month without photos."""
    states = Counter(row.state for row in rows)
    if states["kept"]:
        return
    if states["refused"] or states["gone"] == len(rows) >= _MANY_GONE:
        reason = next(row.reason for row in rows if row.state in ("refused", "gone"))
        raise SourceBusyForHours(
            f"none of {len(rows)} listed photos could be brought ({reason}); the month stays as it "
            "was; see whether the site blocks this account, then run this again"
        )


def deduplicated(posts: Sequence[JournalledPost]) -> list[ManifestRow]:
    """Keep of photos that show the same picture the first one; the others say which it is."""
    perceptual_hashes = {
        sha256: it for post in posts for sha256, it in post.perceptual_hashes.items()
    }
    hashes = list(perceptual_hashes)
    first = groups_of(len(hashes), near_duplicates([perceptual_hashes[it] for it in hashes]))
    same = {sha256: hashes[index] for sha256, index in zip(hashes, first, strict=True)}
    return list(_once_each((row for post in posts for row in post.rows), same))


def _once_each(rows: Iterable[ManifestRow], same: dict[str, str]) -> Iterator[ManifestRow]:
    first: dict[str, ManifestRow] = {}
    for row in rows:
        if row.sha256 is None:
            yield row
            continue
        kept = first.setdefault(same[row.sha256], row)
        if kept is row:
            yield row
            continue
        state: State = "double" if kept.sha256 == row.sha256 else "near-duplicate"
        yield row._replace(state=state, sha256=None, reason=f"shows what {kept.name} shows")
