"""Searches as they stand in a JSON body: several terms with weights."""

import json
from typing import Annotated, NoReturn

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError

from gateway.errors import InvalidField, TextEmpty
from gateway.query import (
    MAX_PAGE_SIZE,
    MAX_TERMS,
    Embedding,
    Filter,
    Folder,
    ImageTerm,
    PageRequest,
    SearchQuery,
    Term,
    TextTerm,
    VectorTerm,
)
from gateway.query_parameters import read_civil_time, read_image_id

_LARGEST_FLOAT32 = 3.4028234663852886e38


def _whole_characters(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise PydanticCustomError("text", "The text holds half a character (a lone surrogate)") from None
    return text


_Text = Annotated[str, AfterValidator(_whole_characters)]
_Number = Annotated[float, Field(allow_inf_nan=False)]
_Float32 = Annotated[float, Field(ge=-_LARGEST_FLOAT32, le=_LARGEST_FLOAT32)]


class _Part(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class _Embedding(_Part):
    model: _Text
    values: list[_Float32]


class _Term(_Part):
    text: _Text | None = None
    image_id: _Text | None = None
    embedding: _Embedding | None = None
    weight: _Number | None = None


class _Folder(_Part):
    source: _Text = Field(min_length=1)
    path: _Text = ""


class _Filter(_Part):
    taken_from: str | None = None
    taken_before: str | None = None
    folders: list[_Folder] = Field(default_factory=list, max_length=100)


class _Body(_Part):
    terms: list[_Term] = Field(min_length=1, max_length=MAX_TERMS)
    filter: _Filter = Field(default_factory=_Filter)
    page_size: int = Field(0, ge=0, le=2**31)
    page_token: _Text = ""


def read_search_body(body: bytes) -> SearchQuery:
    """The search that a JSON body asks for. Raises InvalidField, which names the part that is wrong, or TextEmpty."""
    try:
        parsed = _Body.model_validate(json.loads(body, parse_constant=_refuse_constant))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise InvalidField(_path(first["loc"]), first["msg"] + ".") from None
    except (ValueError, RecursionError) as error:
        raise InvalidField("body", f"this is no valid JSON: {error}.") from None
    return SearchQuery(
        tuple(_term(f"terms[{number}]", term) for number, term in enumerate(parsed.terms)),
        _filter(parsed.filter),
        PageRequest(min(parsed.page_size, MAX_PAGE_SIZE), parsed.page_token),
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


def _filter(part: _Filter) -> Filter:
    return Filter(
        taken_from=read_civil_time("filter.taken_from", part.taken_from) if part.taken_from else None,
        taken_before=read_civil_time("filter.taken_before", part.taken_before) if part.taken_before else None,
        folders=tuple(Folder(folder.source, folder.path.strip("/")) for folder in part.folders),
    )


def _path(parts: tuple[int | str, ...]) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts)
    return text.lstrip(".") or "body"


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")
