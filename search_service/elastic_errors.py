"""What goes wrong with Elasticsearch, as errors that say what to do.

StorageUnavailable
 ├── Unreachable           no node answers, or not in time, or too few nodes are there
 ├── CertificateRefused    the cluster's certificate is not trusted
 ├── LoginRefused          unknown user, wrong password, or a role that may not
 ├── ServerUnsupported     too old, or something else than Elasticsearch
 ├── DiskFull              the cluster lets nobody write until there is room
 └── ClusterBusy           the cluster has too much to do
IndexFormat
 └── ForeignIndex          the alias names an index that this service did not make
"""

from collections.abc import Iterable, Mapping
from typing import Any

from elastic_transport import TlsError
from elasticsearch import ApiError, ConnectionTimeout, TransportError, UnsupportedProductError
from elasticsearch import ConnectionError as ElasticConnectionError

from search_service.errors import IndexFormat, ServiceError, StorageUnavailable

OLDEST_VERSION = (8, 19)
BUSY_STATUSES = frozenset({429, 502, 503, 504})
_SHORT = 300


class MissingIndex(Exception):
    """The index that was asked is no longer there: another one serves, or none."""


class Unreachable(StorageUnavailable):
    """No node answers, or not in time, or too few nodes are there."""


class CertificateRefused(StorageUnavailable):
    """The cluster's certificate is not trusted."""


class LoginRefused(StorageUnavailable):
    """Unknown user, wrong password, or a role that may not."""


class ServerUnsupported(StorageUnavailable):
    """The server is too old, or something else than Elasticsearch."""


class DiskFull(StorageUnavailable):
    """The cluster lets nobody write until there is room."""

    def __init__(self) -> None:
        super().__init__(
            "Elasticsearch lets nobody write: a disk is fuller than its flood-stage watermark. Make room or add a "
            "node; it takes writes again by itself. Searches go on."
        )


class ClusterBusy(StorageUnavailable):
    """The cluster has too much to do."""

    reason = "OVERLOADED"

    def __init__(self) -> None:
        super().__init__("Elasticsearch has too much to do at the moment. Try again later.", retry_after=5)


class ForeignIndex(IndexFormat):
    """The alias names an index that this version did not make."""

    def __init__(self, alias: str, *, expected: int, actual: object) -> None:
        ServiceError.__init__(
            self,
            f"The index behind {alias!r} in Elasticsearch has the format {actual}, and this version reads {expected}. "
            "Run the version that wrote it, or set SEARCH_ELASTICSEARCH_ALIAS to another name and index again.",
            expected=str(expected),
            actual=str(actual),
        )


def is_passing(error: Exception) -> bool:
    """Whether the same request may succeed a little later."""
    if isinstance(error, ConnectionTimeout | TlsError):
        return False
    if isinstance(error, ApiError):
        return error.status_code in BUSY_STATUSES and not _is_block(error.body)
    return isinstance(error, ElasticConnectionError)


def is_missing_index(error: Exception) -> bool:
    """Whether the index, or its alias, is not there."""
    return isinstance(error, ApiError) and error.status_code == 404 and "index_not_found" in error_type(error.body)


def error_type(body: Any) -> str:
    """The type of an error in an answer's body or in a bulk item."""
    found = body.get("error", body) if isinstance(body, Mapping) else body
    return str(found.get("type", "")) if isinstance(found, Mapping) else str(found)


def translated(error: ApiError | TransportError, timeout: float) -> StorageUnavailable:
    """The error as a sentence that says what to do. `timeout`: how long the request might take, in seconds."""
    if isinstance(error, UnsupportedProductError):
        return ServerUnsupported(
            "What answers at SEARCH_ELASTICSEARCH_HOSTS is no Elasticsearch that this service knows. It needs "
            f"Elasticsearch {'.'.join(map(str, OLDEST_VERSION))} or newer."
        )
    if isinstance(error, ApiError):
        return _answered(error)
    if isinstance(error, TlsError):
        return CertificateRefused(
            f"The certificate of Elasticsearch is not trusted ({_cut(error.message)}). Set "
            "SEARCH_ELASTICSEARCH_CA_FILE to the file of its certificate authority; docs/elasticsearch.md tells how to "
            "get it."
        )
    if isinstance(error, ConnectionTimeout):
        return Unreachable(f"Elasticsearch did not answer within {timeout:g} seconds. Try again; look at its load.")
    return Unreachable(
        f"Elasticsearch can't be reached ({_cut(error.message)}). Start it, or correct SEARCH_ELASTICSEARCH_HOSTS "
        "(http or https, name and port)."
    )


def raise_if_failed(documents: Iterable[Mapping[str, Any]]) -> None:
    """Raises MissingIndex or StorageUnavailable if one of the documents that were asked for could not be read."""
    for document in documents:
        if error := document.get("error"):
            if error_type(document) == "index_not_found_exception":
                raise MissingIndex
            reason = _cut(error_reason({"error": error}))
            raise _not_now_error(document.get("status"), reason) or StorageUnavailable(
                f"Elasticsearch can't read the index ({reason})."
            )


def item_error(status: int, error: Mapping[str, Any]) -> ServiceError:
    """Why Elasticsearch did not take one photo."""
    if _is_block({"error": error}):
        return DiskFull()
    reason = _cut(error_reason({"error": error}))
    return _not_now_error(status, reason) or StorageUnavailable(f"Elasticsearch did not take the photo: {reason}.")


def _answered(error: ApiError) -> StorageUnavailable:
    status, reason = error.status_code, _cut(error_reason(error.body))
    if _is_block(error.body):
        return DiskFull()
    if status == 401:
        return LoginRefused(
            "Elasticsearch refused the login. Correct SEARCH_ELASTICSEARCH_USERNAME and _PASSWORD, _API_KEY or "
            "_BEARER_TOKEN."
        )
    if status == 403:
        return LoginRefused(
            f"Elasticsearch does not allow this ({reason}). Give the user the rights that docs/elasticsearch.md lists."
        )
    if passing := _not_now_error(status, reason):
        return passing
    if status == 413:
        return StorageUnavailable("A request was too large for Elasticsearch. Lower SEARCH_ELASTICSEARCH_BULK_BYTES.")
    if status in {400, 406} and "compatible-with" in reason:
        return old_server("of an earlier major version")
    return StorageUnavailable(f"Elasticsearch answered {status}: {reason}. Look at its state and its log.")


def old_server(version: str) -> ServerUnsupported:
    """The server is too old."""
    oldest = ".".join(map(str, OLDEST_VERSION))
    return ServerUnsupported(f"Elasticsearch is {version}; this service needs {oldest} or newer. Upgrade the cluster.")


def _not_now_error(status: int | None, reason: str) -> StorageUnavailable | None:
    """None unless the status says that the same may go well later."""
    if status == 429:
        return ClusterBusy()
    if status in BUSY_STATUSES:
        return Unreachable(f"Elasticsearch can't do this now ({reason}). Look whether its nodes run, and try again.")
    return None


def _is_block(body: Any) -> bool:
    # 12 is the block that the flood-stage watermark sets: see error_reason.
    return error_type(body) == "cluster_block_exception" and "read-only-allow-delete" in error_reason(body)


def error_reason(body: Any) -> str:
    """What Elasticsearch says of an error, with its cause."""
    found = body.get("error", body) if isinstance(body, Mapping) else body
    if not isinstance(found, Mapping):
        return str(found)
    cause = found.get("caused_by")
    reasons = [found.get("reason"), cause.get("reason") if isinstance(cause, Mapping) else None]
    return ": ".join(str(reason).strip() for reason in reasons if reason)


def _cut(text: str) -> str:
    return text if len(text) <= _SHORT else f"{text[:_SHORT]} ..."
