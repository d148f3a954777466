"""Which certificates of the cluster are trusted."""

import asyncio
import hashlib
import ssl
from collections.abc import Sequence
from typing import Any
from urllib.parse import SplitResult, urlsplit

from search_service.elastic_config import ElasticSettings, host_list
from search_service.elastic_errors import CertificateRefused, Unreachable

_CONNECT_SECONDS = 10


async def trusting_context(settings: ElasticSettings) -> ssl.SSLContext | None:
    """What to verify the cluster by; None where the connection has no TLS.

    A fingerprint may be that of the server's certificate or of any in the chain that the server sends, as Elasticsearch
    prints it at its first start. The certificate it stands for becomes the only one that is trusted.
    Raises CertificateRefused or Unreachable.
    """
    addresses = [parts for parts in map(urlsplit, host_list(settings.hosts)) if parts.scheme == "https"]
    if not addresses and not settings.cloud_id:
        return None
    context = ssl.create_default_context(cafile=str(settings.ca_file) if settings.ca_file else None)
    if not settings.verify_certificates:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif settings.certificate_fingerprint and addresses:
        pinned = await _pinned(settings.certificate_fingerprint, addresses)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False  # the pinned certificate says enough
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        context.load_verify_locations(cadata=pinned)
    return context


async def _pinned(fingerprint: str, addresses: Sequence[SplitResult]) -> bytes:
    """The certificate with this fingerprint, DER, from the first server that answers."""
    chain: list[bytes] | None = None
    for address in addresses:
        try:
            chain = await asyncio.wait_for(_sent_chain(str(address.hostname), address.port or 9200), _CONNECT_SECONDS)
            break
        except (OSError, TimeoutError):
            continue
    if chain is None:
        raise Unreachable("Elasticsearch can't be reached. Start it, or correct SEARCH_ELASTICSEARCH_HOSTS.")
    for certificate in chain:
        if hashlib.sha256(certificate).hexdigest() == fingerprint:
            return certificate
    raise CertificateRefused(
        "No certificate that Elasticsearch sends has the fingerprint SEARCH_ELASTICSEARCH_CERTIFICATE_FINGERPRINT. "
        f"It sends {', '.join(hashlib.sha256(certificate).hexdigest() for certificate in chain)}. If you did not "
        "change the certificate, someone may be in between."
    )


async def _sent_chain(host: str, port: int) -> list[bytes]:
    """The certificates that a server sends, its own first. Nothing is verified and nothing else is sent."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    _, writer = await asyncio.open_connection(host, port, ssl=context)
    try:
        connection: Any = writer.get_extra_info("ssl_object")
        if hasattr(connection, "get_unverified_chain"):  # Python 3.13
            return list(connection.get_unverified_chain())
        return [certificate.public_bytes(_ssl_der()) for certificate in connection._sslobj.get_unverified_chain()]
    finally:
        writer.close()


def _ssl_der() -> int:
    import _ssl  # noqa: PLC0415 - only before Python 3.13

    return int(_ssl.ENCODING_DER)
