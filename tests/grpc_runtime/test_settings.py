import pytest
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from grpc_runtime.settings import InvalidSettings, read_settings


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="TESTED_")

    port: int = Field(1, le=65535)
    secret: dict[str, int] = Field(default_factory=dict)


def test_a_valid_setting_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TESTED_PORT", "8081")

    assert read_settings(Settings).port == 8081


def test_each_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TESTED_PORT", "eighty")
    monkeypatch.setenv("TESTED_SECRET", '{"key": "hunter2"}')

    with pytest.raises(InvalidSettings) as caught:
        read_settings(Settings)

    first, second = str(caught.value).splitlines()
    assert first.startswith("TESTED_PORT: ")
    assert second.startswith("TESTED_SECRET: key: ")
    assert "hunter2" not in str(caught.value)


def test_a_setting_that_is_no_json_is_named_without_its_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TESTED_SECRET", "hunter2")

    with pytest.raises(InvalidSettings, match=r"^TESTED_SECRET: this is no JSON") as caught:
        read_settings(Settings)

    assert "hunter2" not in str(caught.value)
