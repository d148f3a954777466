"""Prometheus metrics of the search service, beside those of every gRPC server."""

from collections.abc import Mapping

from prometheus_client import Gauge

FAILURES = Gauge("search_failures", "Files that could not be indexed, as of the last look at the index.", ["source"])


def show_failures(counts: Mapping[str, int]) -> None:
    """Takes these counts, by source, in the place of those before."""
    FAILURES.clear()
    for source, count in counts.items():
        FAILURES.labels(source).set(count)
