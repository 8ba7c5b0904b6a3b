"""A photo's file without its metadata, its compressed pixels untouched.

What is not known to belong to the picture goes: EXIF with its place and time, XMP, IPTC, comments,
thumbnails, second pictures, appended films.
"""

from oott_assets.photos.privacy.jpeg_segments import SIGNATURE as JPEG
from oott_assets.photos.privacy.jpeg_segments import without_jpeg_metadata
from oott_assets.photos.privacy.png_chunks import SIGNATURE as PNG
from oott_assets.photos.privacy.png_chunks import without_png_metadata
from oott_assets.photos.privacy.webp_chunks import RIFF, WEBP, without_webp_metadata
from oott_fashion.vision.photos import UnreadablePhoto


def without_metadata(content: bytes) -> bytes:
    """Strip a JPEG, PNG or WebP; one that has nothing to strip comes back byte for byte.

    Its orientation goes too: a photo taken sideways lies on its side from then on.

    Raises:
        UnreadablePhoto: it is none of these, or cannot be taken apart.
    """
    if content.startswith(JPEG):
        return without_jpeg_metadata(content)
    if content.startswith(PNG):
        return without_png_metadata(content)
    if content.startswith(RIFF) and content[8:12] == WEBP:
        return without_webp_metadata(content)
    raise UnreadablePhoto(
        f"a file starting with {content[:8]!r} cannot be stripped; expected a JPEG, PNG or WebP"
    )
