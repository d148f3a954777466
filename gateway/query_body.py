"""Searches as they stand in a JSON body: several terms with weights."""

import json
from typing import Annotated, NoReturn

from pydantic import Field, ValidationError

from gateway.body_parts import Number, Part, Text, invalid_part
from gateway.errors import InvalidField, TextEmpty
from gateway.filter_body import FilterPart, read_filter_part
from gateway.query import (
    MAX_PAGE_SIZE,
    MAX_TERMS,
    Embedding,
    ImageTerm,
    PageRequest,
    SearchOrder,
    SearchQuery,
    Term,
    TextTerm,
    VectorTerm,
)
from gateway.query_parameters import read_image_id

_LARGEST_FLOAT32 = 3.4028234663852886e38

_Float32 = Annotated[float, Field(ge=-_LARGEST_FLOAT32, le=_LARGEST_FLOAT32)]


class _Embedding(Part):
    model: Text
    values: list[_Float32]


class _Term(Part):
    text: Text | None = None
    image_id: Text | None = None
    embedding: _Embedding | None = None
    weight: Number | None = None


class _Body(Part):
    terms: list[_Term] = Field(min_length=1, max_length=MAX_TERMS)
    filter: FilterPart = Field(default_factory=FilterPart)
    page_size: int = Field(0, ge=0, le=2**31)
    page_token: Text = ""
    order: SearchOrder = "score"
    hide_similar: bool = False


def read_search_body(body: bytes) -> SearchQuery:
    """The search that a JSON body asks for. Raises InvalidField, which names the part that is wrong, or TextEmpty."""
    try:
        parsed = _Body.model_validate(json.loads(body, parse_constant=_refuse_constant))
    except ValidationError as error:
        raise invalid_part(error) from None
    except (ValueError, RecursionError) as error:
        raise InvalidField("body", f"this is no valid JSON: {error}.") from None
    return SearchQuery(
        tuple(_term(f"terms[{number}]", term) for number, term in enumerate(parsed.terms)),
        read_filter_part(parsed.filter),
        PageRequest(min(parsed.page_size, MAX_PAGE_SIZE), parsed.page_token),
        parsed.order,
        parsed.hide_similar,
    )


def _term(name: str, term: _Term) -> Term:
    targets = [target for target in (term.text, term.image_id, term.embedding) if target is not None]
    if len(targets) != 1:
        raise InvalidField(name, "give exactly one of text, image_id and embedding.")
    if term.embedding is not None:
        return VectorTerm(Embedding(term.embedding.model, tuple(term.embedding.values)), term.weight)
    if term.image_id is not None:
        return ImageTerm(read_image_id(f"{name}.image_id", term.image_id), term.weight)
    if not (term.text or "").strip():
        raise TextEmpty
    return TextTerm(term.text or "", term.weight)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")
