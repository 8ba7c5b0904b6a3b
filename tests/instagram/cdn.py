"""The photo server of the site, with signed URLs."""

import hashlib
from collections.abc import Mapping

from tests.instagram import pages
from tests.instagram.posts import Post, PostPhoto
from tests.instagram.responses import JPEG, TEXT, Response
from tests.instagram.serving import Request

AVATAR = "/avatar.jpg"


class Cdn:
    """Serves full-size and cropped photos of ``posts``; ``origin`` is empty on the site's port."""

    def __init__(self, posts: Mapping[str, Post], origin: str, port: int) -> None:
        self._posts = posts
        self._origin = origin
        self._port = port

    def address_of(self, photo: PostPhoto, width: int | None) -> str:
        """Return the URL of ``photo``, or of its crop of ``width`` pixels."""
        part, size = ("", "") if width is None else ("small/", f"&width={width}")
        return f"{self._origin}/cdn/{part}{photo.name}.jpg?sig={_signature(photo.name)}{size}"

    def answer(self, request: Request) -> Response:
        """Answer a request for a photo; its signature must be valid."""
        if request.path == AVATAR:
            return Response(PostPhoto("avatar", None, plain=True).small(64), content_type=JPEG)
        name = request.path.rpartition("/")[2].removesuffix(".jpg")
        photo = self._photo(name)
        if photo is None or request.port != self._port:
            return Response(pages.plain("Not found."), 404)
        if request.query.get("sig") != _signature(name):
            return Response(b"URL signature mismatch", 403, TEXT)
        if "width" in request.query:
            return Response(photo.small(int(request.query["width"])), content_type=JPEG)
        return Response(photo.jpeg(), content_type=JPEG)

    def _photo(self, name: str) -> PostPhoto | None:
        post = self._posts.get(name.rpartition("-")[0])
        return next((photo for photo in post.photos if photo.name == name), None) if post else None


def _signature(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:16]
