"""Searches as they stand in an address: ?q=dog&taken_from=2024-07."""

import re
from collections.abc import Collection
from typing import TypeVar

from multidict import MultiMapping

from gateway.errors import InvalidField, TextEmpty
from gateway.filter_parameters import FILTER_NAMES, read_filter, read_folder
from gateway.query import (
    MAX_FACET_VALUES,
    MAX_FAILURES,
    MAX_IMAGE_ID_BYTES,
    MAX_PAGE_SIZE,
    MAX_TILE_ZOOM,
    FacetQuery,
    FailureQuery,
    ImageTerm,
    ListOrder,
    ListQuery,
    PageRequest,
    SearchOrder,
    SearchQuery,
    Term,
    TextTerm,
)

_TARGETS = ("q", "like")
_SHARED = ("page_size", "page_token", "order", *FILTER_NAMES)
_OF_SEARCHES = ("hide_similar", *_SHARED)
# The first one holds where none is named.
_SEARCH_ORDERS: tuple[SearchOrder, ...] = ("score", "newest")
_LIST_ORDERS: tuple[ListOrder, ...] = ("newest", "sample")
_DIGITS = re.compile(r"\d{1,9}", re.ASCII)

_Order = TypeVar("_Order", SearchOrder, ListOrder)


def read_search(parameters: MultiMapping[str]) -> SearchQuery:
    """The search that the parameters ask for. Raises InvalidField or TextEmpty."""
    _check_names(parameters, (*_TARGETS, *_OF_SEARCHES))
    given = [name for name in _TARGETS if name in parameters]
    if not given:
        raise InvalidField("q", "say what to search for: q=TEXT, or like=ID of a photo.")
    if len(given) > 1:
        raise InvalidField("q", "give either q or like; several at once go into the terms of a POST.")
    return _search(parameters, (_term(parameters),))


def check_no_parameters(parameters: MultiMapping[str]) -> None:
    """Raises InvalidField if there are any in the address of a POST."""
    for name in parameters:
        raise InvalidField(
            name, "it stands in the address, where a POST has none. Move it into the form or the JSON body."
        )


def read_upload_search(parameters: MultiMapping[str]) -> SearchQuery:
    """What was sent beside an uploaded picture: a search that lacks its term. Raises InvalidField."""
    for name in _TARGETS:
        if name in parameters:
            raise InvalidField(name, "an uploaded picture is searched for alone; several terms go into a JSON body.")
    _check_names(parameters, _OF_SEARCHES)
    return _search(parameters, ())


def read_list(parameters: MultiMapping[str]) -> ListQuery:
    """The list that the parameters ask for. Raises InvalidField."""
    _check_names(parameters, _SHARED)
    return ListQuery(_order(parameters, _LIST_ORDERS), read_filter(parameters), _page(parameters))


def read_facets(parameters: MultiMapping[str]) -> FacetQuery:
    """The counts that the parameters ask for. Raises InvalidField."""
    _check_names(parameters, ("tile_zoom", "max_values", *FILTER_NAMES))
    return FacetQuery(
        read_filter(parameters),
        _whole_number(parameters, "tile_zoom", 0, MAX_TILE_ZOOM),
        _whole_number(parameters, "max_values", 1, MAX_FACET_VALUES),
    )


def read_failures(parameters: MultiMapping[str]) -> FailureQuery:
    """The failures that the parameters ask for. Raises InvalidField."""
    _check_names(parameters, ("source", "folder", "page_size", "page_token"))
    return FailureQuery(read_folder(parameters), _page(parameters, MAX_FAILURES))


def read_all_failures(parameters: MultiMapping[str]) -> FailureQuery:
    """Likewise, without pages. Raises InvalidField."""
    _check_names(parameters, ("source", "folder"))
    return FailureQuery(read_folder(parameters), PageRequest(MAX_FAILURES))


def read_image_id(name: str, text: str) -> str:
    """The id of a photo. Raises InvalidField under this name."""
    if not text:
        raise InvalidField(name, "give the id of a photo.")
    if len(text.encode()) > MAX_IMAGE_ID_BYTES:
        raise InvalidField(name, f"no id of a photo has more than {MAX_IMAGE_ID_BYTES} bytes.")
    return text


def _check_names(parameters: MultiMapping[str], known: Collection[str]) -> None:
    for name in parameters:
        if name not in known:
            raise InvalidField(name, f"there is no such parameter here; there are {', '.join(known)}.")
        if len(parameters.getall(name)) > 1:
            raise InvalidField(name, "give it once.")


def _term(parameters: MultiMapping[str]) -> Term:
    if "like" in parameters:
        return ImageTerm(read_image_id("like", parameters["like"]))
    if not parameters["q"].strip():
        raise TextEmpty
    return TextTerm(parameters["q"])


def _search(parameters: MultiMapping[str], terms: tuple[Term, ...]) -> SearchQuery:
    return SearchQuery(
        terms,
        read_filter(parameters),
        _page(parameters),
        _order(parameters, _SEARCH_ORDERS),
        _flag(parameters, "hide_similar"),
    )


def _flag(parameters: MultiMapping[str], name: str) -> bool:
    text = parameters.get(name, "false")
    if text not in {"true", "false"}:
        raise InvalidField(name, "write true or false.")
    return text == "true"


def _order(parameters: MultiMapping[str], orders: tuple[_Order, ...]) -> _Order:
    named = parameters.get("order", orders[0])
    for order in orders:
        if order == named:
            return order
    raise InvalidField("order", f"choose {' or '.join(orders)}.")


def _page(parameters: MultiMapping[str], largest: int = MAX_PAGE_SIZE) -> PageRequest:
    size = parameters.get("page_size", "0")
    if not _DIGITS.fullmatch(size):
        raise InvalidField("page_size", f"give a whole number from 1 to {largest:,}.")
    return PageRequest(min(int(size), largest), parameters.get("page_token", ""))


def _whole_number(parameters: MultiMapping[str], name: str, least: int, most: int) -> int | None:
    text = parameters.get(name)
    if text is None:
        return None
    if not _DIGITS.fullmatch(text) or not least <= int(text) <= most:
        raise InvalidField(name, f"give a whole number from {least} to {most:,}.")
    return int(text)
