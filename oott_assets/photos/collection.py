"""Collects the posts of a destination and month: fetches each post once and stores its photos.

If the source uses the network, each post is recorded in the crawl journal when its photos are
stored. If a run is interrupted, the next run continues from the journal. It fetches a
recorded post again only if the post is incomplete.
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
    SkippedFile,
    SourceBusyForHours,
    UnavailablePhoto,
)
from oott_assets.photos.store.crawl_journal import Forgotten, JournalledPost
from oott_assets.photos.store.manifest import ManifestRow, State
from oott_assets.photos.store.photo_store import PhotoStore
from oott_assets.photos.store.stored_month import MonthLock, StoredMonth
from oott_assets.reports.progress import with_progress
from oott_fashion.vision.near_duplicates import PerceptualHash, groups_of
from oott_fashion.vision.photos import PhotoTooLarge, UnreadablePhoto

# A few posts may be deleted between listing and fetching. If all of at least this many posts are
# gone, the site is probably blocking the account.
_MANY_GONE = 5


@dataclass
class Collected:
    """The result of a collection; ``resumed`` counts the posts that an earlier run fetched."""

    posts: dict[str, JournalledPost] = field(default_factory=dict)
    rows: list[ManifestRow] = field(default_factory=list)
    skipped: list[SkippedFile] = field(default_factory=list)
    listed: int = 0
    resumed: int = 0
    forgotten: int = 0
    cut: bool = False
    dropped: int = 0


@dataclass(frozen=True)
class Collector:
    """Collects from ``source`` into ``store``; ``max_posts`` limits network sources."""

    source: PhotoSource
    store: PhotoStore
    timezone: str
    max_posts: int

    def collect(self, partition: MonthAndDestination, log: Logger) -> Collected:
        """Collect the photos of a partition, and write the progress to ``log``.

        Raises:
            PhotosUnknown: the source cannot say which photos exist; the manifest is unchanged.
            FacesNotHidden: faces cannot be hidden, so no photo was stored.
            AlreadyLocked, BlobChanged: another run collects the same partition.
            OSError: the store is full or cannot be reached.
        """
        stored = self.store.month(partition.destination.slug, partition.month)
        faces = self.store.face_hider() if self.source.shows_people else None
        forgotten = self.store.forgotten()
        writer = _PostWriter(
            stored, faces, partition.month, self.timezone, self.source.name, forgotten
        )
        with stored.locked() as lock:
            collected = self._resumed(stored)
            with closing(self._listed(partition, collected, forgotten)) as listed:
                for post in with_progress(listed, log, "posts collected"):
                    if post is not None:
                        journalled = self._fetch(post, writer, stored, lock)
                        collected.posts[post.shortcode] = journalled
            self._finish(collected, partition, stored, lock)
        return collected

    def _fetch(
        self, post: ListedPost, writer: "_PostWriter", stored: StoredMonth, lock: MonthLock
    ) -> JournalledPost:
        journalled = writer.fetch_and_store(post)
        if self.source.uses_network:
            lock.check()
            stored.journal.write(journalled)
        return journalled

    @property
    def _hides_faces(self) -> bool:
        return self.source.shows_people and self.store.hide_faces

    def _resumed(self, stored: StoredMonth) -> Collected:
        """Continue an interrupted run if it used the same source and the same face hiding."""
        posts = stored.journalled()
        same_settings = all(
            post.source == self.source.name and post.hides_faces == self._hides_faces
            for post in posts
        )
        if self.source.uses_network and same_settings:
            return Collected(posts={post.shortcode: post for post in posts}, resumed=len(posts))
        stored.journal.end()
        return Collected()

    def _listed(
        self, partition: MonthAndDestination, collected: Collected, forgotten: Forgotten
    ) -> Generator[ListedPost | None, None, None]:
        """List each post once; yield None for a post that must not be fetched."""
        # Incomplete posts are fetched again, because their missing photos may be available now.
        known = {post.shortcode for post in collected.posts.values() if not post.is_incomplete}
        seen: set[str] = set()
        with closing(self.source.posts(partition.destination, partition.month)) as posts:
            for post in posts:
                if isinstance(post, SkippedFile):
                    collected.skipped.append(post)
                    continue
                if post.shortcode in seen:
                    continue
                if self.source.uses_network and len(seen) == self.max_posts:
                    collected.cut = True
                    return
                seen.add(post.shortcode)
                collected.listed += 1
                collected.forgotten += post.shortcode in forgotten
                yield None if post.shortcode in forgotten or post.shortcode in known else post

    def _finish(
        self,
        collected: Collected,
        partition: MonthAndDestination,
        stored: StoredMonth,
        lock: MonthLock,
    ) -> None:
        # A user may have removed posts with ``forget`` during this run. The manifest must not list
        # these posts. A later ``forget`` waits for the lock, and finds them in the manifest.
        forgotten = self.store.forgotten()
        posts = collected.posts.values()
        left = [post.without(forgotten) for post in posts if post.shortcode not in forgotten]
        collected.rows = deduplicated(left)
        if self.source.uses_network:
            _reject_unavailable_month(collected.rows)
        stored.reject_missing(collected.rows)
        if any(row.kept and row.taken_at is None for row in collected.rows):
            collected.rows = self._write_counted_once(collected.rows, partition, lock)
        else:
            lock.write_manifest(collected.rows)
        stored.journal.end()
        lock.check()
        collected.dropped = stored.delete_unlisted()

    def _write_counted_once(
        self, rows: Sequence[ManifestRow], partition: MonthAndDestination, lock: MonthLock
    ) -> list[ManifestRow]:
        with self.store.undated_photos(partition.destination.slug) as undated:
            while True:
                begun = undated.begin()
                once = self._counted_once(rows, partition)
                lock.write_manifest(once)
                if undated.is_latest(begun):
                    return once

    def _counted_once(
        self, rows: Sequence[ManifestRow], partition: MonthAndDestination
    ) -> list[ManifestRow]:
        """Leave out photos without a date that another month of the destination has."""
        slug = partition.destination.slug
        counted_in = {
            (row.name, row.sha256): month
            for place, month in self.store.months()
            if place == slug and month != partition.month
            for row in self.store.month(place, month).rows()
            if row.kept and row.taken_at is None
        }
        return [
            row._replace(
                state="other month",
                sha256=None,
                reason=f"no date, and counted in {month:%Y-%m}; to move it, collect {month:%Y-%m} "
                "again first",
            )
            if (month := counted_in.get((row.name, row.sha256)))
            else row
            for row in rows
        ]


@dataclass(frozen=True)
class _PostWriter:
    """Fetches posts and stores the photos of ``month``; gives a reason for each skipped post."""

    stored: StoredMonth
    faces: FaceHider | None
    month: date
    timezone: str
    source: str
    forgotten: Forgotten

    def fetch_and_store(self, post: ListedPost) -> JournalledPost:
        if self._is_in_another_month(post.taken_at):
            return self._without_photo(post, "other month")
        try:
            fetched = post.fetch()
        except PostGone as error:
            return self._without_photo(post, "gone", str(error))
        dated = replace(post, taken_at=fetched.taken_at or post.taken_at)
        if self._is_in_another_month(dated.taken_at):
            return self._without_photo(dated, "other month")
        return self._with_photos(dated, fetched)

    def _is_in_another_month(self, taken_at: datetime | None) -> bool:
        if taken_at is None:
            return False
        local = taken_at.astimezone(ZoneInfo(self.timezone))
        return (local.year, local.month) != (self.month.year, self.month.month)

    def _with_photos(self, post: ListedPost, fetched: FetchedPost) -> JournalledPost:
        rows: list[ManifestRow] = []
        perceptual_hashes: dict[str, PerceptualHash] = {}
        for photo in fetched.photos:
            if photo.name in self.forgotten:
                rows.append(self._row(post, photo.name, "kept", None).forgotten())
                continue
            if isinstance(photo, UnavailablePhoto):
                state: State = "unreadable" if photo.permanent else "refused"
                rows.append(self._row(post, photo.name, state, photo.reason))
                continue
            try:
                stored_photo = self.stored.keep(photo.content, self.faces)
            except (UnreadablePhoto, PhotoTooLarge) as error:
                rows.append(self._row(post, photo.name, "unreadable", str(error)))
                continue
            perceptual_hashes[stored_photo.sha256] = stored_photo.perceptual_hash
            rows.append(stored_photo.fill(self._row(post, photo.name, "kept", None)))
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


def _reject_unavailable_month(rows: Sequence[ManifestRow]) -> None:
    """Raise an error if the site lists posts but delivers no photos at all."""
    states = Counter(row.state for row in rows)
    if states["kept"]:
        return
    if states["refused"] or states["gone"] == len(rows) >= _MANY_GONE:
        reason = next(row.reason for row in rows if row.state in ("refused", "gone"))
        raise SourceBusyForHours(
            f"none of {len(rows)} listed photos could be fetched ({reason}), so the stored month "
            "is unchanged; check whether the site blocks this account, then run again"
        )


def deduplicated(posts: Sequence[JournalledPost]) -> list[ManifestRow]:
    """Keep the first photo of each picture, and mark the later photos of it as duplicates."""
    perceptual_hashes: dict[str, PerceptualHash] = {}
    for post in posts:
        perceptual_hashes |= post.perceptual_hashes
    hashes = list(perceptual_hashes)
    groups = groups_of(list(perceptual_hashes.values()))
    first_of = {sha256: hashes[group] for sha256, group in zip(hashes, groups, strict=True)}
    return list(_marked_duplicates((row for post in posts for row in post.rows), first_of))


def _marked_duplicates(
    rows: Iterable[ManifestRow], first_of: dict[str, str]
) -> Iterator[ManifestRow]:
    first_rows: dict[str, ManifestRow] = {}
    for row in rows:
        if row.sha256 is None:
            yield row
            continue
        kept = first_rows.setdefault(first_of.get(row.sha256, row.sha256), row)
        yield row if kept is row else row.duplicate_of(kept)
