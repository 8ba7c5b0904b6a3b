"""The responses of the Graph API, with the fields that OOTT requests.

Source: Meta's reference of IG Hashtag and IG Hashtag Search.
"""

import re
from urllib.parse import parse_qs, urlsplit

from pydantic import AwareDatetime, BaseModel, Field, field_validator

MEDIA_FIELDS = "id,permalink,timestamp,media_type,media_url,children{media_type,media_url}"

_VIDEO, _ALBUM = "VIDEO", "CAROUSEL_ALBUM"

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


class HashtagId(BaseModel):
    """The id of a hashtag."""

    id: str = Field(pattern=r"^\d+$")


class HashtagIdsPage(BaseModel):
    """The result of a hashtag search, or the recently searched hashtags."""

    data: list[HashtagId]


class MediaFile(BaseModel):
    """A photo or video. Some have no ``media_url``, for instance those with licensed music."""

    media_type: str = "IMAGE"
    media_url: str | None = None


class Children(BaseModel):
    """The photos and videos of an album."""

    data: list[MediaFile]


class MediaItem(MediaFile):
    """A post with the hashtag."""

    id: str = Field(pattern=r"^\d+$")
    permalink: str | None = None
    timestamp: AwareDatetime | None = None
    children: Children | None = None

    @property
    def shortcode(self) -> str:
        """The shortcode in its permalink, or its id if it has no permalink."""
        found = _SHORTCODE.search(urlsplit(self.permalink or "").path)
        return found.group(1) if found else self.id

    @property
    def photos(self) -> list[tuple[int, MediaFile]]:
        """Its photos with their position in the post, from 1; videos are left out."""
        album = self.children.data if self.media_type == _ALBUM and self.children else [self]
        return [(place, file) for place, file in enumerate(album, 1) if file.media_type != _VIDEO]


class Paging(BaseModel):
    """The cursor of the next page. The URL of the next page itself contains the token."""

    after: str | None = Field(None, validation_alias="next")

    @field_validator("after", mode="before")
    @classmethod
    def _cursor_of_url(cls, url: object) -> str:
        cursors = parse_qs(urlsplit(str(url)).query).get("after")
        if not cursors:
            raise ValueError("expected a URL with the parameter after")
        return cursors[0]


class MediaPage(BaseModel):
    """A page of the posts of a hashtag."""

    data: list[MediaItem]
    paging: Paging = Paging()

    @property
    def cursor(self) -> str | None:
        """The cursor of the next page; None on the last page."""
        return self.paging.after
