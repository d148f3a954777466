"""Object stores by URL: S3 and what speaks like it, Google's, Azure's. Secrets come from the environment or files."""

import re
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore, from_url

from pictures.store_client import client_options

if TYPE_CHECKING:
    from obstore import BytesStream, GetResult
    from obstore.store import RetryConfig

_URL = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_SCHEMES = ("s3", "gs", "az")
_FIRST_PAUSE = timedelta(milliseconds=100)
_LONGEST_PAUSE = timedelta(seconds=5)
_PIECE_BYTES = 64 * 1024


class StoreUrlError(ValueError):
    """The URL names no store, or there is no such folder. Its text is a sentence for a person."""


def is_store_url(location: str) -> bool:
    """Whether this is a URL and no path."""
    return _URL.match(location) is not None


def check_url(url: str) -> str:
    """The scheme of an address that can be used, in small letters. Raises StoreUrlError, which tells no secrets."""
    scheme, _, rest = url.partition("://")
    bucket, _, path = rest.partition("/")
    if re.search(r"[:@?#\[\]\\]", bucket) or re.search(r"[?#]", path):
        raise StoreUrlError(
            "The address of the object store holds more than a bucket and a path (it is not shown, as there may be a "
            "secret in it). Give credentials in the environment (AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY) or in "
            "files, and another server in AWS_ENDPOINT_URL, never in the address."
        )
    if scheme.lower() == "file":
        raise StoreUrlError(
            f"{url} is a folder's address. Give its path instead: {unquote(path and '/' + path) or '/'}."
        )
    if scheme.lower() not in _SCHEMES or not bucket:
        raise StoreUrlError(
            f"{url} names no object store that is known. These are: s3://BUCKET/PATH (with AWS_ENDPOINT_URL for "
            "servers that speak like S3), gs://BUCKET/PATH and az://CONTAINER/PATH."
        )
    return scheme.lower()


def open_store(
    url: str, wait_seconds: float, silence_seconds: float = 10.0, request_seconds: float = 60.0
) -> ObjectStore:
    """What is below the URL; nothing is asked of the store yet. Raises StoreUrlError.

    A call that fails for a reason that may pass, such as a longer silence of the server, is repeated for
    `wait_seconds`. Each request may take `request_seconds` with all of its content: a large object takes long over a
    slow line.
    """
    scheme = check_url(url)
    retry: RetryConfig = {
        "max_retries": 10_000,
        "retry_timeout": timedelta(seconds=wait_seconds),
        "backoff": {"init_backoff": _FIRST_PAUSE, "max_backoff": _LONGEST_PAUSE, "base": 2},
    }
    try:
        options = client_options(scheme, silence_seconds, request_seconds)
        return from_url(url.rstrip("/"), client_options=options, retry_config=retry)
    except (BaseError, ValueError) as error:
        raise StoreUrlError(f"{url} can't be used: {first_line(error)}.") from error


def open_location(location: str, wait_seconds: float) -> ObjectStore:
    """A folder, which is made if there is none, or what is below a URL. Raises StoreUrlError."""
    if is_store_url(location):
        return open_store(location, wait_seconds)
    folder = folder_at(location)
    try:
        return LocalStore(folder, mkdir=True)
    except (BaseError, OSError, ValueError) as error:
        raise StoreUrlError(f"The folder {location} can't be used: {first_line(error)}.") from error


def folder_at(location: str) -> Path:
    """The absolute path of a folder, which may begin at a home with "~". Raises StoreUrlError if nobody has it."""
    try:
        return Path(location).expanduser().absolute()
    except RuntimeError as error:
        raise StoreUrlError(f"The folder {location} can't be used: {first_line(error)}.") from error


def pieces(answer: "GetResult") -> "BytesStream":
    """An object's content, in pieces so small that one comes soon over a slow line, too."""
    return answer.stream(min_chunk_size=_PIECE_BYTES)


def first_line(error: Exception) -> str:
    """What a store's error says, without the answer's body and where in the library it came from; no full stop."""
    line = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return line.partition("<?xml")[0].rstrip(": .")
