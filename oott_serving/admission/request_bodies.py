"""Reads the bodies of requests: JSON, or a file or a form with a file if a route accepts it."""

from collections.abc import Callable
from functools import partial

from pydantic import ValidationError
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import File, FormParser, parse_options_header
from starlette.datastructures import Headers

from oott_serving.api.api_models import Request
from oott_serving.errors import RejectedRequest

# A request has one comma per photo and per field. Without a limit, a JSON parser would turn
# 50 MB of "{},{}," into gigabytes of objects before the request is validated.
_MAX_COMMAS = 10_000

# The parser takes about 10 microseconds for a part. So millions of empty parts would block it.
_MAX_PARTS = 100

_JSON = "application/json"
_FORM = "multipart/form-data"


def parser_for(headers: Headers, kind: type[Request]) -> Callable[[bytes], Request]:
    """Choose by its content type how a body is read as a request of a kind.

    The parser raises RejectedRequest if the body is no such request.

    Raises:
        RejectedRequest: such a request is not sent in this content type, or not compressed.
    """
    content_type = headers.get("content-type", "")
    media_type = content_type.split(";")[0].strip().lower()
    parser: Callable[[bytes], Request] | None = None
    if media_type == _JSON:
        parser = partial(_validated, kind=kind)
    elif kind.file_field and media_type.startswith("image/"):
        parser = kind.of_file
    elif kind.file_field and media_type == _FORM:
        parser = partial(_of_form, kind=kind, boundary=_boundary_in(content_type))
    if parser is None:
        accepted = f"{_JSON}, {_FORM} or an image/* type" if kind.file_field else _JSON
        raise RejectedRequest(
            415, f"the content type is {media_type[:80] or 'missing'}; send {accepted}"
        )
    _require_uncompressed(headers)
    return parser


def _require_uncompressed(headers: Headers) -> None:
    encoding = headers.get("content-encoding", "identity").strip().lower()
    if encoding != "identity":
        raise RejectedRequest(
            415, f"the body is compressed with {encoding[:40]}; send it uncompressed"
        )


def _validated(body: bytes, kind: type[Request]) -> Request:
    if body.count(b",") > _MAX_COMMAS:
        raise RejectedRequest(
            422, f"the body has more than {_MAX_COMMAS:,} values; expected {kind.example}"
        )
    try:
        return kind.of_json(body)
    except ValidationError as error:
        raise _invalid_body(error, kind.example) from None


def _invalid_body(error: ValidationError, example: str) -> RejectedRequest:
    problem = error.errors(include_url=False, include_input=False, include_context=False)[0]
    if problem["type"] == "json_invalid":
        return RejectedRequest(
            400, f"the body cannot be read: {problem['msg']}; expected {example}"
        )
    field = ".".join(str(step) for step in problem["loc"]) or "the body"
    return RejectedRequest(422, f"{field}: {problem['msg']}; expected {example}")


def _boundary_in(content_type: str) -> bytes:
    boundary = parse_options_header(content_type)[1].get(b"boundary", b"")
    if not 1 <= len(boundary) <= 70:  # RFC 2046
        raise RejectedRequest(
            400,
            f"the boundary of the form has {len(boundary)} characters; expected 1 to 70, as in "
            f"{_FORM}; boundary=photo",
        )
    return boundary


def _of_form(body: bytes, kind: type[Request], boundary: bytes) -> Request:
    expected = f"expected one file in the field {kind.file_field}"
    if body.count(b"--" + boundary) > _MAX_PARTS:
        raise RejectedRequest(422, f"the form has more than {_MAX_PARTS} fields; {expected}")
    names_and_files = [(file.field_name, file) for file in _files_in(body, boundary)]
    files = [file for name, file in names_and_files if name == str(kind.file_field).encode()]
    if len(files) != 1:
        raise RejectedRequest(
            422,
            f"the form has {len(files)} files in the field {kind.file_field}, and "
            f"{len(names_and_files) - len(files)} in other fields; {expected}",
        )
    content = files[0].file_object
    content.seek(0)
    return kind.of_file(content.read())


def _files_in(body: bytes, boundary: bytes) -> list[File]:
    files: list[File] = []
    ends: list[bool] = []
    form = FormParser(
        _FORM,
        on_field=None,
        on_file=files.append,
        on_end=lambda: ends.append(True),
        boundary=boundary,
        config={"MAX_MEMORY_FILE_SIZE": len(body)},  # the body is in memory already
    )
    try:
        form.write(body)
        form.finalize()
    except FormParserError as error:
        raise RejectedRequest(400, f"the form cannot be read: {error}") from None
    if not ends:
        raise RejectedRequest(400, "the form is incomplete: its last boundary is missing")
    return files
