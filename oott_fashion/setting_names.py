"""The names of all settings, by the class that reads them, and the names they had before.

A process uses these names to report misspelt settings. It also finds the misspelt settings of
packages that it cannot import. The names here have no OOTT_ prefix.
"""

from collections.abc import Collection
from difflib import get_close_matches

NAMES = {
    "shared": (
        "HOME",
        "DATABASE_URL",
        "SECRETS_FOLDER",
        "MODEL_STORE",
        "STARTER_DETECTOR",
        "DESTINATIONS_FILE",
        "TIMEZONE",
        "PALETTE",
        "ENGINE",
        "ENGINE_CORES",
        "MIN_CONFIDENCE",
        "IOU_THRESHOLD",
        "MAX_PIXELS",
    ),
    "photos": (
        "PHOTO_STORE",
        "HIDE_FACES",
        "PHOTO_RETENTION_DAYS",
        "LABEL_TASKS_FOLDER",
        "PHOTO_SOURCE",
        "PHOTOS_FOLDER",
        "FOLDER_DESTINATION",
        "FOLDER_MONTH",
        "LOOKBOOK_PHOTOS",
        "MAX_POSTS",
        "REQUEST_INTERVAL_SECONDS",
        "GRAPH_USER",
        "GRAPH_TOKEN",
        "GRAPH_URL",
        "INSTAGRAM_URL",
        "INSTAGRAM_USER",
        "INSTAGRAM_PASSWORD",
        "PERMITTED_HOSTS",
        "CRAWLER_NAME",
        "CHROMIUM",
        "CHROMEDRIVER",
        "BROWSER_FOLDER",
        "MAX_PHOTO_BYTES",
    ),
    "trends": ("FIRST_MONTH", "DASK_SCHEDULER"),
    "alarms": (
        "ALARM_WEBHOOK",
        "ALARM_MAIL_TO",
        "ALARM_MAIL_FROM",
        "MAIL_SERVER",
        "MAIL_ENCRYPTION",
        "MAIL_USER",
        "MAIL_PASSWORD",
        "UI_URL",
        "LATE_ON_DAY",
        "ASSET_OWNER",
    ),
    "records": ("RECORDS_URL", "RUN_LOGS", "RUN_RETENTION_DAYS"),
    "training": (
        "MAIN_DATA",
        "SUB_PHOTOS",
        "LABELLER",
        "PHOTO_TAGS",
        "TEACHER",
        "LABEL_THRESHOLDS",
        "LABELLER_WEIGHTS",
        "LABEL_ON_CPU",
        "HELD_OUT_SHARE",
        "DRAWN_PHOTOS",
        "TRAINING_FOLDER",
        "MODEL_SIZE",
        "IMAGE_SIDE",
        "EPOCHS",
        "SOUP_TRAININGS",
        "BATCH_SIZE",
        "TRAIN_DEVICE",
        "STARTING_WEIGHTS",
    ),
    "service": (
        "WORKERS",
        "MAX_BODY_BYTES",
        "MAX_BATCH_PHOTOS",
        "CAMERA_COLOURS",
        "MAX_WAITING_SECONDS",
        "DETECTOR_POLL_SECONDS",
        "DRAIN_SECONDS",
        "API_KEYS",
        "LOG_FORMAT",
        "CORS_ORIGINS",
        "WEATHER_URL",
        "WEATHER_KEY",
    ),
}

RENAMED = {
    "BATCH": "BATCH_SIZE",
    "CRAWL_PERMISSION": "PERMITTED_HOSTS",
    "HEAP_DESTINATION": "FOLDER_DESTINATION",
    "HELD_OUT": "HELD_OUT_SHARE",
    "MAX_WAITING_REQUESTS": "MAX_WAITING_SECONDS",
    "MOST_BATCH_PHOTOS": "MAX_BATCH_PHOTOS",
    "MOST_BODY_BYTES": "MAX_BODY_BYTES",
    "MOST_PHOTO_BYTES": "MAX_PHOTO_BYTES",
    "MOST_PIXELS": "MAX_PIXELS",
    "MOST_POSTS": "MAX_POSTS",
    "PACE_SECONDS": "REQUEST_INTERVAL_SECONDS",
    "SCORE_THRESHOLD": "MIN_CONFIDENCE",
    "WAITING_REQUESTS": "MAX_WAITING_SECONDS",
}

# One process, Dagster, reads the settings of these classes.
_PIPELINE = tuple(
    name for owner in ("photos", "trends", "alarms", "records", "training") for name in NAMES[owner]
)

ALL_NAMES = frozenset(name for names in NAMES.values() for name in names)

# With a lower value, a variable of the deployment itself, such as OOTT_IMAGE_TAG, would be reported
# as a misspelt setting.
_MIN_SIMILARITY = 0.8


def meant_by(unknown: str) -> str | None:
    """Give the new name of ``unknown`` if it was renamed, or else the most similar name."""
    if unknown in RENAMED:
        return RENAMED[unknown]
    known = sorted(ALL_NAMES | RENAMED.keys())
    similar = get_close_matches(unknown, known, n=1, cutoff=_MIN_SIMILARITY)
    return RENAMED.get(similar[0], similar[0]) if similar else None


def is_read_beside(names: Collection[str], other: str) -> bool:
    """Tell whether the process that reads ``names`` also reads ``other``, with another class."""
    return other in _PIPELINE and not set(_PIPELINE).isdisjoint(names)
