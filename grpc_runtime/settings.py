"""Reads a process's settings from the environment, and says in a sentence which one is wrong."""

from typing import TypeVar

from pydantic import ValidationError
from pydantic_settings import BaseSettings, SettingsError

Settings = TypeVar("Settings", bound=BaseSettings)


class InvalidSettings(Exception):
    """Its text names each setting that is wrong, one a line."""


def read_settings(kind: type[Settings]) -> Settings:
    """The settings, read from the environment. Raises InvalidSettings."""
    prefix = kind.model_config.get("env_prefix", "")
    try:
        return kind()
    except ValidationError as error:
        raise InvalidSettings(
            "\n".join(
                f"{prefix}{part['loc'][0] if part['loc'] else ''}".upper()
                + ": "
                + ": ".join([*map(str, part["loc"][1:]), part["msg"]])
                + "."
                for part in error.errors(include_input=False, include_url=False)
            )
        ) from None
    except SettingsError as error:  # a setting that must be JSON is not
        field = next((name for name in kind.model_fields if f'"{name}"' in str(error)), "")
        raise InvalidSettings(f"{prefix}{field}".upper() + ": this is no JSON object, such as {...}.") from None
