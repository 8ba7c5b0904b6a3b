"""Removes metadata from a photo file without changing the compressed pixels.

Only the parts that belong to the picture are kept. All other parts are removed: EXIF with place
and time, XMP, IPTC, comments, thumbnails, second pictures, appended videos.
"""

from oott_assets.photos.privacy.jpeg_segments import SIGNATURE as JPEG
from oott_assets.photos.privacy.jpeg_segments import without_jpeg_metadata
from oott_assets.photos.privacy.png_chunks import SIGNATURE as PNG
from oott_assets.photos.privacy.png_chunks import without_png_metadata
from oott_assets.photos.privacy.webp_chunks import RIFF, WEBP, without_webp_metadata
from oott_fashion.vision.photos import UnreadablePhoto


def without_metadata(content: bytes) -> bytes:
    """Remove the metadata of a JPEG, PNG or WebP; a file without metadata stays the same.

    The EXIF orientation is removed too, so a photo taken sideways is then shown sideways.

    Raises:
        UnreadablePhoto: the file has another format, or cannot be parsed.
    """
    if content.startswith(JPEG):
        return without_jpeg_metadata(content)
    if content.startswith(PNG):
        return without_png_metadata(content)
    if content.startswith(RIFF) and content[8:12] == WEBP:
        return without_webp_metadata(content)
    raise UnreadablePhoto(
        f"cannot remove the metadata of a file that starts with {content[:8]!r}; expected a JPEG, "
        "PNG or WebP"
    )
