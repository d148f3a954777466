"""Searches as they stand in an address: ?q=dog&taken_from=2024-07."""

import re
from collections.abc import Collection
from datetime import date
from typing import cast

from multidict import MultiMapping

from gateway.errors import InvalidField, TextEmpty
from gateway.query import (
    MAX_IMAGE_ID_BYTES,
    MAX_PAGE_SIZE,
    CivilTime,
    Filter,
    Folder,
    ImageTerm,
    ListQuery,
    Order,
    PageRequest,
    SearchQuery,
    Term,
    TextTerm,
)

_TARGETS = ("q", "like")
_SHARED = ("page_size", "page_token", "taken_from", "taken_before", "source", "folder")
_CIVIL_TIME = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?", re.ASCII)
_DIGITS = re.compile(r"\d{1,9}", re.ASCII)


def read_search(parameters: MultiMapping[str]) -> SearchQuery:
    """The search that the parameters ask for. Raises InvalidField or TextEmpty."""
    _check_names(parameters, (*_TARGETS, *_SHARED))
    given = [name for name in _TARGETS if name in parameters]
    if not given:
        raise InvalidField("q", "say what to search for: q=TEXT, or like=ID of a photo.")
    if len(given) > 1:
        raise InvalidField("q", "give either q or like; several at once go into the terms of a POST.")
    return SearchQuery((_term(parameters),), _filter(parameters), _page(parameters))


def read_upload_search(parameters: MultiMapping[str]) -> SearchQuery:
    """What was sent beside an uploaded picture: a search that lacks its term. Raises InvalidField."""
    for name in _TARGETS:
        if name in parameters:
            raise InvalidField(name, "an uploaded picture is searched for alone; several terms go into a JSON body.")
    _check_names(parameters, _SHARED)
    return SearchQuery((), _filter(parameters), _page(parameters))


def read_list(parameters: MultiMapping[str]) -> ListQuery:
    """The list that the parameters ask for. Raises InvalidField."""
    _check_names(parameters, ("order", *_SHARED))
    order = parameters.get("order", "newest")
    if order not in {"newest", "sample"}:
        raise InvalidField("order", "choose newest or sample.")
    return ListQuery(cast(Order, order), _filter(parameters), _page(parameters))


def read_civil_time(name: str, text: str) -> CivilTime:
    """YYYY, YYYY-MM or YYYY-MM-DD. Raises InvalidField under this name."""
    match = _CIVIL_TIME.fullmatch(text)
    if match is None:
        raise InvalidField(name, "write a year, month or day, such as 2024, 2024-07 or 2024-07-01.")
    year, month, day = (int(part or 0) for part in match.groups())
    try:
        date(year, month if match[2] else 1, day if match[3] else 1)
    except ValueError:
        raise InvalidField(name, f"{text} is no date of the calendar.") from None
    return CivilTime(year, month, day)


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


def _filter(parameters: MultiMapping[str]) -> Filter:
    source, path = parameters.get("source", ""), parameters.get("folder", "").strip("/")
    if path and not source:
        raise InvalidField("folder", "name its source too, in the parameter source.")
    return Filter(
        taken_from=_civil_time(parameters, "taken_from"),
        taken_before=_civil_time(parameters, "taken_before"),
        folders=(Folder(source, path),) if source else (),
    )


def _civil_time(parameters: MultiMapping[str], name: str) -> CivilTime | None:
    text = parameters.get(name, "")
    return read_civil_time(name, text) if text else None


def _page(parameters: MultiMapping[str]) -> PageRequest:
    size = parameters.get("page_size", "0")
    if not _DIGITS.fullmatch(size):
        raise InvalidField("page_size", f"give a whole number from 1 to {MAX_PAGE_SIZE}.")
    return PageRequest(min(int(size), MAX_PAGE_SIZE), parameters.get("page_token", ""))
