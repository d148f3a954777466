"""What was measured, as a table and a sentence for a person."""

from collections.abc import Sequence

from search_service.tune import Measured, Pair

_PREFIX = "SEARCH_ELASTICSEARCH_"


def table(measured: Sequence[Measured], present: Pair) -> str:
    """One line for each pair; the one that is set now is marked."""
    kinds = list(measured[0].recalls)
    heads = ["", "NUM_CANDIDATES", "OVERSAMPLING", "looked at", *kinds, "worst", "p50 ms", "p99 ms"]
    rows = [
        [
            "now" if one.pair == present else "",
            str(one.pair.num_candidates),
            _times(one.pair),
            str(one.looked_at),
            *(f"{one.recalls[kind]:.3f}" for kind in kinds),
            f"{one.worst:.2f}",
            f"{one.p50:.1f}",
            f"{one.p99:.1f}",
        ]
        for one in measured
    ]
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    return "\n".join(
        "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in [heads, *rows]
    )


def floor(asked: int) -> str:
    """What bounds NUM_CANDIDATES from below. `asked`: how many hits a search asks for."""
    return (
        f"A search asks for {asked:,} hits, the window and some more; a smaller NUM_CANDIDATES counts as {asked:,}.\n"
        "A smaller SEARCH_WINDOW makes searches quicker and their results end earlier; --window measures it."
    )


def proposal(best: Measured, now: Measured, k: int) -> str:
    """The two settings to set, and what they change."""
    if best.pair == now.pair:
        return f"Leave the settings as they are:\n{_settings(best.pair)}"
    return (
        f"{_settings(best.pair)}\n"
        f"recall@{k} {_lowest(now):.3f} -> {_lowest(best):.3f}, p50 {now.p50:.1f} -> {best.p50:.1f} ms"
    )


def no_proposal(measured: Sequence[Measured], target: float, k: int) -> str:
    """What to do if no pair reaches the target."""
    best = max(measured, key=_lowest)
    return (
        f"No pair reaches recall@{k} {target:g}; the best is {_lowest(best):.3f}:\n{_settings(best.pair)}\n"
        f"Make the graph denser, {_PREFIX}M=32 and {_PREFIX}EF_CONSTRUCTION=200, or keep more of each vector, "
        f"{_PREFIX}INDEX_TYPE: bbq_hnsw, int4_hnsw, int8_hnsw, hnsw, from coarse to exact. Then rebuild the index: "
        "python -m indexer FOLDER --rebuild"
    )


def _settings(pair: Pair) -> str:
    lines = [f"{_PREFIX}NUM_CANDIDATES={pair.num_candidates}"]
    if pair.oversampling is not None:
        lines.append(f"{_PREFIX}OVERSAMPLING={_times(pair)}")
    return "\n".join(lines)


def _times(pair: Pair) -> str:
    return "-" if pair.oversampling is None else f"{pair.oversampling:g}"


def _lowest(measured: Measured) -> float:
    return min(measured.recalls.values())
