"""Opens the photo source that the settings choose."""

from zoneinfo import ZoneInfo

import dagster as dg

from oott_assets.partitions import destinations
from oott_assets.photos.settings import PhotoSettings
from oott_assets.photos.sources.drawn.lookbook import Lookbook
from oott_assets.photos.sources.folder import PhotoFolder
from oott_assets.photos.sources.graph_api.graph_source import graph_api_of
from oott_assets.photos.sources.hosts import is_loopback
from oott_assets.photos.sources.photo_source import PhotoSource, PhotosUnknown
from oott_assets.photos.sources.request_interval import RequestInterval
from oott_assets.setting_fields import from_setting
from oott_fashion.settings import read_settings

# The minimum interval for a site that belongs to others. A shorter setting is raised to this.
_MIN_INTERVAL_SECONDS = 2.0


class ChosenSource(dg.ConfigurableResource[None]):
    """The source that ``OOTT_PHOTO_SOURCE`` names.

    There is no default source if ``OOTT_DATABASE_URL`` is set. Passwords, tokens and the other
    options of a source stay in the settings, because Dagster shows the config of resources.
    """

    source: str | None = from_setting(PhotoSettings, "photo_source")
    timezone: str = from_setting(PhotoSettings, "timezone")
    max_posts: int = from_setting(PhotoSettings, "max_posts")

    def opened(self) -> PhotoSource:
        """Open the source; nothing is read yet.

        Raises:
            PhotosUnknown: no source is chosen, or the chosen source lacks a setting.
        """
        # The launchpad may have changed these two values for this run.
        run = {"timezone": self.timezone, "max_posts": self.max_posts}
        settings = read_settings(PhotoSettings).model_copy(update=run)
        if self.source == "folder":
            return _folder(settings)
        if self.source == "lookbook":
            return Lookbook(settings.lookbook_photos)
        if self.source == "graph_api":
            return graph_api_of(settings, destinations)
        if self.source == "browser":
            return _browser(settings)
        raise PhotosUnknown(
            "OOTT_DATABASE_URL is set and OOTT_PHOTO_SOURCE is not; set it to folder, graph_api or "
            "browser, or to lookbook to count drawn people in that database"
        )


def _folder(settings: PhotoSettings) -> PhotoSource:
    if settings.photos_folder is None:
        raise PhotosUnknown("the folder source needs OOTT_PHOTOS_FOLDER, a folder")
    place = settings.folder_destination
    return PhotoFolder(
        settings.photos_folder,
        destinations,
        destinations.destination(place).slug if place else None,
        settings.max_photo_bytes,
        ZoneInfo(settings.timezone),
        settings.folder_month,
    )


def _browser(settings: PhotoSettings) -> PhotoSource:
    # Imported late: Selenium is heavy, and most runs need no browser.
    from oott_assets.photos.sources.browser.browser_source import Browser
    from oott_assets.photos.sources.browser.browser_start import Programs
    from oott_assets.photos.sources.browser.tried_passwords import Account

    min_seconds = 0.0 if is_loopback(settings.instagram_url) else _MIN_INTERVAL_SECONDS
    site = settings.instagram_url.rstrip("/")
    user, password = settings.instagram_user, settings.instagram_password
    return Browser(
        site,
        Account(site, user, password) if user and password else None,
        permitted_hosts=settings.permitted_host_names,
        crawler_name=settings.crawler_name,
        interval=RequestInterval(max(min_seconds, settings.request_interval_seconds)),
        max_posts=settings.max_posts,
        max_photo_bytes=settings.max_photo_bytes,
        programs=Programs(settings.browser_root, settings.chromium, settings.chromedriver),
    )
