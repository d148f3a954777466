"""Filters as the engine's SQL. Every value that comes from outside goes through `literal`."""

from collections.abc import Iterable, Sequence

from search_service.embedded_schema import micros
from search_service.images import Filter, FingerprintFilter, Folder, ListOrder, ListPlace, sample_key

EVERYTHING = "true"


def literal(text: str) -> str:
    """A string in SQL. Nothing but the quote has a meaning in it."""
    return "'" + text.replace("'", "''") + "'"


def all_of(*conditions: str) -> str:
    """All conditions that are set, as one."""
    return " AND ".join(f"({condition})" for condition in conditions if condition) or EVERYTHING


def images_sql(keep: Filter) -> str:
    """The photos that the filter keeps; "" for all."""
    conditions = []
    if keep.taken_from:
        conditions.append(f"taken_at_us >= {micros(keep.taken_from)}")
    if keep.taken_before:
        conditions.append(f"taken_at_us < {micros(keep.taken_before)}")
    if keep.folders:
        conditions.append(" OR ".join(f"({_folder_sql(folder)})" for folder in keep.folders))
    return all_of(*conditions) if conditions else ""


def fingerprints_sql(keep: FingerprintFilter) -> str:
    """The fingerprints that the filter keeps."""
    return all_of(
        f"source = {literal(keep.source)}" if keep.source else "",
        f"starts_with(relative_path, {literal(keep.path_prefix)})" if keep.path_prefix else "",
        f"sample_key % {keep.shard.count} = {keep.shard.index}" if keep.shard else "",
        _one_of("content_sha256", keep.content_sha256) if keep.content_sha256 else "",
    )


def ids_sql(ids: Iterable[str]) -> str:
    """The photos with these ids."""
    return _one_of("id", ids)


def without_sql(ids: Sequence[str]) -> str:
    """The photos without these ids; "" for all."""
    return f"id NOT IN ({', '.join(map(literal, ids))})" if ids else ""


def after_sql(order: ListOrder, place: ListPlace | None) -> str:
    """The photos that follow a place in a list; "" for all."""
    if place is None:
        return ""
    after_id = f"id > {literal(place.id)}"
    if order is ListOrder.SAMPLE:
        key = sample_key(place.id)
        return f"sample_key > {key} OR (sample_key = {key} AND {after_id})"
    if place.taken_at is None:
        return f"taken_at_us IS NULL AND {after_id}"
    time = micros(place.taken_at)
    return f"taken_at_us < {time} OR taken_at_us IS NULL OR (taken_at_us = {time} AND {after_id})"


def _folder_sql(folder: Folder) -> str:
    source = f"source = {literal(folder.source)}"
    if not folder.path:
        return source
    # "0" is the character after "/": strings between the two are those that begin with path and "/".
    return all_of(
        source, f"relative_path >= {literal(folder.path + '/')}", f"relative_path < {literal(folder.path + '0')}"
    )


def _one_of(column: str, values: Iterable[str]) -> str:
    return f"{column} IN ({', '.join(map(literal, values))})"
