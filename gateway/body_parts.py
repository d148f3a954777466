"""Parts of a JSON body, without unknown members, guessed types or half characters; and how a wrong one is refused."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError

from gateway.errors import InvalidField

# By pydantic's type of the error, where its own words speak of Python.
_SENTENCES: Mapping[str, str] = MappingProxyType(
    {
        "extra_forbidden": "there is no such member here.",
        "missing": "it is missing.",
        "model_type": "give a JSON object.",
        "string_too_short": "it must not be empty.",
        "too_short": "it must not be empty.",
    }
)


class Part(BaseModel):
    """An object of the body."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


def _whole_characters(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise PydanticCustomError("text", "The text holds half a character (a lone surrogate)") from None
    return text


Text = Annotated[str, AfterValidator(_whole_characters)]
Number = Annotated[float, Field(allow_inf_nan=False)]


def invalid_part(error: ValidationError) -> InvalidField:
    """The first thing that is wrong, named as the path to it in the body."""
    first = error.errors(include_url=False, include_input=False)[0]
    return InvalidField(_path(first["loc"]), _SENTENCES.get(first["type"], f"{first['msg']}."))


def _path(parts: tuple[int | str, ...]) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts)
    return text.lstrip(".") or "body"
