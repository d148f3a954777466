"""kNN search in an embedded index by LanceDB alone. Runs in a PinnedProcess, beside the service that has the folder."""

import time
from collections.abc import Sequence
from functools import cache
from typing import Any

from benchmarks.search_times import PAGE, WINDOW
from search_service.embedded_schema import FACT_COLUMNS


def nearest_in_folder(folder: str, vector: Sequence[float]) -> float:
    """Milliseconds of an exact search for WINDOW ids, and of reading the facts of the first PAGE photos."""
    table = _table(folder)
    started = time.perf_counter()
    query = table.search(list(vector)).distance_type("cosine").bypass_vector_index().select(["id", "_distance"])
    ids = query.limit(WINDOW).to_arrow().column("id").to_pylist()[:PAGE]
    names = ", ".join(f"'{each}'" for each in ids)
    found = table.search().where(f"id IN ({names})").select(FACT_COLUMNS).limit(PAGE).to_list()
    taken = 1_000 * (time.perf_counter() - started)
    assert len(found) == PAGE, len(found)
    return taken


@cache
def _table(folder: str) -> Any:
    import lancedb  # noqa: PLC0415 takes a second to import

    database = lancedb.connect(folder)
    [name] = database.table_names()
    return database.open_table(name)
