"""Where the site's photos lie, under addresses that it signs."""

import hashlib
from collections.abc import Mapping

from tests.instagram import pages
from tests.instagram.posts import Post, PostPhoto
from tests.instagram.responses import JPEG, TEXT, Response
from tests.instagram.serving import Request

AVATAR = "/avatar.jpg"


class Cdn:
    """The photos of ``posts``, whole and cut out, on ``port``; ``origin`` is empty beside pages."""

    def __init__(self, posts: Mapping[str, Post], origin: str, port: int) -> None:
        self._posts = posts
        self._origin = origin
        self._port = port

    def address_of(self, photo: PostPhoto, width: int | None) -> str:
        """Give the address of ``photo``, or of its cut-out of ``width`` pixels."""
        part, size = ("", "") if width is None else ("small/", f"&width={width}")
        return f"{self._origin}/cdn/{part}{photo.name}.jpg?sig={_signature(photo.name)}{size}"

    def answer(self, request: Request) -> Response:
        """Give the photo that ``request`` is for, if it may have it."""
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
