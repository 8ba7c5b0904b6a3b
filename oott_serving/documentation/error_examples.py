"""An example of each error that the API documentation shows.

The tests in test_error_examples.py cause each error, and compare the sentence.
"""

from collections.abc import Mapping

# The name of each error of a status, with the sentence that the service answers.
Sentences = Mapping[str, str]

_NO_JSON = (
    "the body cannot be read: Invalid JSON: expected value at line 1 column 1; expected {example}"
)
_TOO_SLOW = (
    "the body was not complete after 120 seconds; send smaller photos, or use a faster connection"
)
_LARGE_BODY = (
    "the body has 60,000,000 bytes; at most 52,428,800 are allowed; send fewer or smaller photos"
)
_LARGE_PHOTO = (
    "the photo has 10000 x 10000 = 100,000,000 pixels, but at most 50,000,000 are allowed; send a "
    "smaller one"
)
_NOT_BASE64 = (
    "the photo is not base64 (Invalid base64-encoded string: number of data characters (1) cannot "
    "be 1 more than a multiple of 4); send the base64 of a JPEG, PNG or WebP file"
)
_NO_PHOTO = (
    "6 bytes starting with b'a text' are not a photo; expected one of JPEG, PNG, WEBP, BMP, GIF, "
    "TIFF, HEIF"
)
_ONLY_JSON = "the content type is text/plain; send application/json"
_COMPRESSED = "the body is compressed with gzip; send it uncompressed"
_UNKNOWN_PLACE = (
    "'atlantis' is neither a destination nor a destination category; expected one of hot-place, "
    "traditional, amusement-park, seaside, mountain, or a place such as hongdae or 홍대"
)
_NO_DETECTOR = (
    "no detector is published: /data/models/garment-detector/latest.json does not exist; publish "
    "one, set OOTT_MODEL_STORE to a store that has one, or set OOTT_STARTER_DETECTOR to the folder "
    "of a detector to start with; the starter detector has no /data/starter/card.json"
)
_NO_DATABASE = "the trend database cannot be used now; try again later"
_MANY_REQUESTS = "401 requests are already waiting; try again later"
_TRIP_EXAMPLE = '{"destination": "jeju", "dates": ["2027-01-09", "2027-01-10"]}'
_RELEASED_EXAMPLE = '{"place": "제주", "category": "바닷가", "date": ["2027/01/09", "2027/01/10"]}'
_CAMERA_EXAMPLE = '{"base64_image": "..."}'
_BATCH_EXAMPLE = '{"base64_images": ["..."], "recommend_type": "seaside"}'

_NOT_READY = {"503": {"no detector": _NO_DETECTOR}}

_KEYS = {
    "no key": "the request has no API key; send one in the header Authorization: Bearer KEY, or in "
    "X-API-Key",
    "unknown key": "the API key is unknown; ask the operator of the service for another one",
}

_CAMERA: Mapping[str, Sentences] = {
    "400": {
        "no JSON": _NO_JSON.format(example=_CAMERA_EXAMPLE),
        "not base64": _NOT_BASE64,
        "no photo": _NO_PHOTO,
    },
    "401": _KEYS,
    "408": {"slow upload": _TOO_SLOW},
    "413": {"large body": _LARGE_BODY, "large photo": _LARGE_PHOTO},
    "415": {"other content type": _ONLY_JSON, "compressed body": _COMPRESSED},
    "422": {
        "missing field": f"base64_image: Field required; expected {_CAMERA_EXAMPLE}",
        "unknown colours": "the header OOTT-Colours is 'pastel'; expected released or full",
    },
    "503": {
        "no detector": _NO_DETECTOR,
        "too many photos": "401 photos are already waiting; try again later",
    },
}

# What any recommendation may be answered.
_TRIP: Mapping[str, Sentences] = {
    "401": _KEYS,
    "408": {"slow upload": _TOO_SLOW},
    "413": {"large body": _LARGE_BODY},
    "415": {"other content type": _ONLY_JSON, "compressed body": _COMPRESSED},
    "503": {"no database": _NO_DATABASE, "too many requests": _MANY_REQUESTS},
}

ERROR_EXAMPLES: Mapping[str, Mapping[str, Sentences]] = {
    "/predict/camera": _CAMERA,
    "/predict/garments": {
        **_CAMERA,
        "400": {
            **_CAMERA["400"],
            "incomplete form": "the form is incomplete: its last boundary is missing",
        },
        "415": {
            "other content type": "the content type is text/plain; send application/json, "
            "multipart/form-data or an image/* type",
            "compressed body": _COMPRESSED,
        },
        "422": {
            "missing field": f"base64_image: Field required; expected {_CAMERA_EXAMPLE}",
            "no file": "the form has 0 files in the field photo, and 1 in other fields; expected "
            "one file in the field photo",
        },
    },
    "/predict/batch": {
        "400": {
            "no JSON": _NO_JSON.format(example=_BATCH_EXAMPLE),
            "no photo": f"photo 2 of 2: {_NO_PHOTO}",
        },
        "401": _KEYS,
        "408": {"slow upload": _TOO_SLOW},
        "413": {
            "large body": _LARGE_BODY,
            "large photo": f"photo 2 of 2: {_LARGE_PHOTO}",
            "many photos": "the batch has 251 photos; at most 250 are allowed; split the batch, "
            "and give each part its own idempotency key",
        },
        "415": {"other content type": _ONLY_JSON, "compressed body": _COMPRESSED},
        "422": {
            "missing field": f"recommend_type: Field required; expected {_BATCH_EXAMPLE}",
            "unknown place": _UNKNOWN_PLACE,
            "used key": "the idempotency key '4d1f' was used before with other content; use a new "
            "key",
            "unusable key": "the Idempotency-Key has 300 characters; expected 1 to 255 printable "
            "ASCII characters, for example a UUID",
        },
        "503": {
            "no detector": _NO_DETECTOR,
            "no database": _NO_DATABASE,
            "too many photos": "4,001 photos are already waiting; try again later",
        },
    },
    "/recommend": {
        **_TRIP,
        "400": {"no JSON": _NO_JSON.format(example=_TRIP_EXAMPLE)},
        "422": {
            "missing field": f"dates: Field required; expected {_TRIP_EXAMPLE}",
            "many days": "dates: List should have at most 30 items after validation, not 31; "
            f"expected {_TRIP_EXAMPLE}",
            "unknown place": _UNKNOWN_PLACE,
        },
    },
    "/recommend/released": {
        **_TRIP,
        "400": {"no JSON": _NO_JSON.format(example=_RELEASED_EXAMPLE)},
        "422": {
            "missing field": f"category: Field required; expected {_RELEASED_EXAMPLE}",
            "no date": "date: Value error, 'soon' is not a date; expected one such as 2027/01/09; "
            f"expected {_RELEASED_EXAMPLE}",
            "unknown place": _UNKNOWN_PLACE,
        },
    },
    "/trends": {
        "401": _KEYS,
        "404": {
            "no estimates": "there are no estimates of garments for jeju in 2020-01; ask for "
            "another month or place"
        },
        "422": {
            "unknown place": _UNKNOWN_PLACE,
            "unusable month": "month: Input should be YYYY-MM; expected for example "
            "/trends?destination=haeundae&month=2026-10&category=outer",
            "no category": "the subject outfit has no category; leave category out, or ask for the "
            "subject garment or look",
        },
        "503": {
            "no database": _NO_DATABASE,
            "slow database": "the trend database does not respond now; try again later",
        },
    },
    "/model": {"401": _KEYS, **_NOT_READY},
    "/readyz": _NOT_READY,
}
