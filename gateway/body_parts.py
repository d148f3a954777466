"""What all parts of a JSON body have in common: no unknown members, no guessing of types, whole characters."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError


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
