"""The responses of the Graph API, with the fields that OOTT requests.

Source: Meta's reference of IG Hashtag and IG Hashtag Search.
"""

import re
from typing import TypeVar, cast
from urllib.parse import parse_qs, urlsplit

from pydantic import AwareDatetime, BaseModel, Field, JsonValue, ValidationError, field_validator

MEDIA_FIELDS = "id,permalink,timestamp,media_type,media_url,children{media_type,media_url}"

_VIDEO, _ALBUM = "VIDEO", "CAROUSEL_ALBUM"

_NO_CHILDREN = "the Graph API does not list the photos of this album"

_SHORTCODE = re.compile(r"/(?:p|reel|tv)/([A-Za-z0-9_-]+)")


class GraphError(BaseModel):
    """An error; the codes are Meta's."""

    message: str = ""
    code: int = 0
    error_subcode: int | None = None
    is_transient: bool = False


class PossibleError(BaseModel):
    """Any response, parsed for an error. An error can come with status 200."""

    error: GraphError | None = None


class Hashtag(BaseModel):
    """The id of a hashtag."""

    id: str = Field(pattern=r"^\d+$")


class HashtagsPage(BaseModel):
    """The result of a hashtag search, or the recently searched hashtags."""

    data: list[Hashtag | None]

    @property
    def ids(self) -> list[str]:
        """The ids, in the order of the response."""
        return [hashtag.id for hashtag in self.data if hashtag is not None]


class MediaFile(BaseModel):
    """A photo or video. Some have no ``media_url``, for instance those with licensed music.

    An entry that cannot be read has a ``problem`` and nothing else.
    """

    media_type: str | None = None
    media_url: str | None = None
    problem: str | None = None


_File = TypeVar("_File", bound=MediaFile)


class MediaItem(MediaFile):
    """A post with the hashtag."""

    id: str = Field(pattern=r"^\d+$")
    permalink: str | None = None
    timestamp: AwareDatetime | None = None
    children: JsonValue = None

    @property
    def shortcode(self) -> str:
        """The shortcode in its permalink, or its id if it has no permalink."""
        found = _SHORTCODE.search(urlsplit(self.permalink or "").path)
        return found.group(1) if found else self.id

    @property
    def photos(self) -> list[tuple[int, MediaFile]]:
        """Its photos with their position in the post, from 1; videos are left out."""
        files = self._album() if self.media_type == _ALBUM else [self]
        return [(place, file) for place, file in enumerate(files, 1) if file.media_type != _VIDEO]

    def _album(self) -> list[MediaFile]:
        children = self.children.get("data") if isinstance(self.children, dict) else None
        if isinstance(children, list) and children:
            return [_read(MediaFile, child) for child in children]
        cover: list[MediaFile] = [self] if self.media_url else []
        return [*cover, MediaFile.model_construct(problem=_NO_CHILDREN)]


class Paging(BaseModel):
    """The cursor of the next page. The URL of the next page itself contains the token."""

    after: str | None = Field(None, validation_alias="next")

    @field_validator("after", mode="before")
    @classmethod
    def _cursor_of_url(cls, url: object) -> str | None:
        if url is None:
            return None
        cursors = parse_qs(urlsplit(str(url)).query).get("after")
        if not cursors:
            raise ValueError("expected a URL with the parameter after")
        return cursors[0]


class MediaPage(BaseModel):
    """A page of the posts of a hashtag. One invalid entry does not make the page invalid."""

    data: list[JsonValue]
    paging: Paging | None = None

    @property
    def cursor(self) -> str | None:
        """The cursor of the next page; None on the last page."""
        return self.paging.after if self.paging else None

    def items(self, name: str) -> list[MediaItem]:
        """Read the entries; ``name`` is this page's.

        The id of an invalid entry begins with the first post on the page. If the page repeats, the
        entry has the same id again.
        """
        items = [_read(MediaItem, entry) for entry in self.data]
        page = next((item.id for item in items if item.problem is None), name)
        return [
            item if item.problem is None else item.model_copy(update={"id": f"{page}+{place}"})
            for place, item in enumerate(items)
        ]


def _read(shape: type[_File], entry: JsonValue) -> _File:
    try:
        return shape.model_validate(entry)
    except ValidationError as error:
        problem = f"its entry is invalid: {problem_in(error)}"
        return cast(_File, shape.model_construct(problem=problem))


def problem_in(error: ValidationError) -> str:
    """Say which part of a response is invalid, without quoting its values."""
    problem = error.errors()[0]
    place = ".".join(str(part) for part in problem["loc"])
    return f"{place}: {problem['msg']}" if place else problem["msg"]
