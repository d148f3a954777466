"""Prometheus metrics of the gateway."""

from prometheus_client import Counter, Gauge, Histogram

REQUESTS = Counter("gateway_requests_total", "Requests that ended.", ["method", "route", "status"])
REQUEST_SECONDS = Histogram(
    "gateway_request_seconds",
    "How long requests took, their bodies included, by route.",
    ["route"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
DERIVED_PICTURES = Counter(
    "gateway_derived_pictures_total", "Thumbnails and previews asked for, by where they came from.", ["size", "origin"]
)
CACHE_BYTES = Gauge("gateway_cache_bytes", "What thumbnails and previews take on the disk.")
