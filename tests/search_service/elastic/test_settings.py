from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from search_service.elastic import ElasticImages
from search_service.elastic_config import ElasticSettings
from tests.search_service.elastic.fake_elasticsearch import FakeElasticsearch

HOST = "http://localhost:9200"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"hosts": ""}, "set one of"),
        ({"hosts": HOST, "cloud_id": "a:b"}, "set one of"),
        ({"hosts": "localhost:9200"}, "begins with http"),
        ({"hosts": "https://elastic:secret@localhost:9200"}, "not into the address"),
        ({"hosts": HOST, "username": "elastic"}, "belong together"),
        ({"hosts": HOST, "password": "secret"}, "belong together"),
        ({"hosts": HOST, "username": "a", "password": "secret", "api_key": "b"}, "set one login"),
        ({"hosts": HOST, "api_key": "secret", "bearer_token": "b"}, "set one login"),
        ({"hosts": HOST, "certificate_fingerprint": "12"}, "64 hexadecimal"),
        ({"hosts": HOST, "password_file": "/nonexistent"}, "can't be read"),
        ({"hosts": HOST, "alias": "Images"}, "lower-case"),
        ({"hosts": HOST, "replicas": "some"}, "a number, or a range"),
        ({"hosts": HOST, "index_type": "best"}, "int8_hnsw"),
        ({"hosts": HOST, "ef_construction": 1}, "greater than or equal to 2"),
        ({"hosts": HOST, "original_index": "my-image-embeddings"}, "GetModel"),
        ({"hosts": HOST, "original_index": "my-*", "original_model": "m@1"}, "names one index"),
        ({"hosts": HOST, "original_index": "one,two", "original_model": "m@1"}, "names one index"),
        ({"hosts": HOST, "original_model": "m@1"}, "go with SEARCH_ELASTICSEARCH_ORIGINAL_INDEX"),
        ({"hosts": HOST, "original_index": "a", "original_model": "m" * 513}, "512 bytes"),
    ],
)
def test_settings_that_do_not_fit_are_refused(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        ElasticSettings(**wrong)

    assert said in str(caught.value)


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEARCH_ELASTICSEARCH_HOSTS", "https://one:9200, https://two")
    monkeypatch.setenv("SEARCH_ELASTICSEARCH_API_KEY", "a secret")
    monkeypatch.setenv("SEARCH_ELASTICSEARCH_PASSWORD", "")

    settings = ElasticSettings()

    assert settings.secret("api_key") == "a secret"
    assert settings.secret("password") is None


def test_secrets_are_not_shown() -> None:
    settings = ElasticSettings(hosts=HOST, username="elastic", password="a secret")

    assert "a secret" not in f"{settings!r}{settings}{settings.model_dump_json()}"


@pytest.mark.parametrize(
    ("login", "expected"),
    [
        ({"username": "elastic", "password": "a secret"}, f"Basic {b64encode(b'elastic:a secret').decode()}"),
        ({"api_key": "encoded=="}, "ApiKey encoded=="),
        ({"bearer_token": "a token"}, "Bearer a token"),
    ],
)
@pytest.mark.parametrize("from_file", [False, True])
async def test_each_login_is_sent(tmp_path: Path, login: dict[str, Any], expected: str, from_file: bool) -> None:
    if from_file:
        (name, value) = login.popitem()
        (tmp_path / name).write_text(f"{value}\n")
        login[f"{name}_file"] = tmp_path / name
    async with FakeElasticsearch() as server:
        async with ElasticImages(ElasticSettings(hosts=server.url, **login)) as images:
            await images.model()

        assert server.headers[0]["Authorization"] == expected


async def test_without_a_login_none_is_sent() -> None:
    async with FakeElasticsearch() as server:
        async with ElasticImages(ElasticSettings(hosts=server.url)) as images:
            await images.model()

        assert "Authorization" not in server.headers[0]
