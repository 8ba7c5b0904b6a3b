"""What the Graph API answers, in the fields that are asked for.

Source: Meta's reference of IG Hashtag and IG Hashtag Search.
"""

import re
from urllib.parse import parse_qs, urlsplit

from pydantic import AwareDatetime, BaseModel, Field, field_validator

MEDIA_FIELDS = "id,permalink,timestamp,media_type,media_url,children{media_type,media_url}"

_VIDEO, _ALBUM = "VIDEO", "CAROUSEL_ALBUM"

_SHORTCODE = re.compile(r"/(?:p|reel|tv)/([A-Za-z0-9_-]+)")


class GraphError(BaseModel):
    """Why a request failed; the codes are Meta's."""

    message: str = ""
    code: int = 0
    error_subcode: int | None = None
    is_transient: bool = False


class MaybeError(BaseModel):
    """Any answer, looked at for an error: that may come with status 200, too."""

    error: GraphError | None = None


class HashtagId(BaseModel):
    """A hashtag, as the API calls it."""

    id: str = Field(pattern=r"^\d+$")


class HashtagIdsPage(BaseModel):
    """The hashtags of a name, or those that were searched of late."""

    data: list[HashtagId]


class Picture(BaseModel):
    """A photo or a video; some have no ``media_url``, such as those with music of others."""

    media_type: str = "IMAGE"
    media_url: str | None = None


class Children(BaseModel):
    """What an album holds."""

    data: list[Picture]


class Medium(Picture):
    """A post that a hashtag was put on."""

    id: str = Field(pattern=r"^\d+$")
    permalink: str | None = None
    timestamp: AwareDatetime | None = None
    children: Children | None = None

    @property
    def shortcode(self) -> str:
        """What its permalink calls it; its id, if it has none."""
        found = _SHORTCODE.search(urlsplit(self.permalink or "").path)
        return found.group(1) if found else self.id

    @property
    def pictures(self) -> list[tuple[int, Picture]]:
        """Its photos with their place in the post, from 1; a video is none."""
        album = self.children.data if self.media_type == _ALBUM and self.children else [self]
        return [(place, it) for place, it in enumerate(album, 1) if it.media_type != _VIDEO]


class Paging(BaseModel):
    """How to go on: of the URL of the next page, which holds the token, the cursor alone."""

    after: str | None = Field(None, validation_alias="next")

    @field_validator("after", mode="before")
    @classmethod
    def _is_its_cursor(cls, url: object) -> str:
        cursors = parse_qs(urlsplit(str(url)).query).get("after")
        if not cursors:
            raise ValueError("expected a URL with the parameter after")
        return cursors[0]


class MediaPage(BaseModel):
    """A page of the posts of a hashtag."""

    data: list[Medium]
    paging: Paging = Paging()

    @property
    def cursor(self) -> str | None:
        """What to ask the next page by; None on the last."""
        return self.paging.after
