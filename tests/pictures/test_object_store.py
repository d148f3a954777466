"""Stores by their address, before anything is asked of them."""

import obstore
import pytest
from obstore.store import AzureStore, GCSStore, S3Store

from pictures.object_store import StoreUrlError, open_store


@pytest.fixture(autouse=True)
def account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", "account")


@pytest.mark.parametrize("url", ["s3://photos/a", "gs://photos/a", "az://photos/a"])
def test_a_large_object_may_take_longer_than_a_server_may_be_silent(url: str) -> None:
    store = open_store(url, 60.0, 20.0, 24 * 60 * 60.0)

    assert isinstance(store, S3Store | GCSStore | AzureStore)
    options = dict(store.client_options or {})
    assert (options["timeout"], options["read_timeout"], options["connect_timeout"]) == ("1day", "20s", "5s")


def test_a_request_may_take_a_minute_unless_the_caller_grants_more() -> None:
    store = open_store("s3://photos", 60.0)

    assert isinstance(store, S3Store)
    assert dict(store.client_options or {})["timeout"] == "1m"


def test_the_environment_goes_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_TIMEOUT", "2 hours")
    monkeypatch.setenv("AWS_PROXY_URL", "http://proxy:3128")

    store = open_store("s3://photos", 60.0)

    assert isinstance(store, S3Store)
    options = dict(store.client_options or {})
    assert (options["timeout"], options["proxy_url"]) == ("2 hours", "http://proxy:3128")


@pytest.mark.parametrize(
    ("url", "variable", "address", "allowed"),
    [
        ("s3://photos", "AWS_ENDPOINT_URL", "http://minio:9000", "true"),
        ("s3://photos", "AWS_ENDPOINT_URL", "https://minio:9000", "false"),
        ("az://photos", "AZURE_STORAGE_ENDPOINT", "http://azurite:10000", "true"),
    ],
)
def test_a_server_without_tls_is_spoken_to_if_its_address_says_so(
    monkeypatch: pytest.MonkeyPatch, url: str, variable: str, address: str, allowed: str
) -> None:
    monkeypatch.setenv(variable, address)

    store = open_store(url, 60.0)

    assert isinstance(store, S3Store | AzureStore)
    assert str(dict(store.client_options or {})["allow_http"]).lower() == allowed


@pytest.mark.parametrize(
    "url",
    [
        "s3://key:hidden@photos/a",
        "s3://key:hid/den@photos/a",
        "s3://key:12/hidden@photos",
        "s3://hidden@photos",
        "s3://key:hid?den@photos",
        "s3://key:[hidden@photos",
        "s3://key:hidden\N{ACCOUNT OF}@photos",
        "gs://key:hid/den@photos",
        "ftp://key:hid/den@photos",
        "s3://photos/a?key=hidden",
    ],
)
def test_an_address_with_credentials_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(StoreUrlError, match="credentials in the environment") as caught:
        open_store(url, 0.0)

    assert not any(part in str(caught.value) for part in ("hid", "den@", "photos"))


def test_an_at_sign_in_a_path_is_nothing_special() -> None:
    store = open_store("s3://photos/me@home/a:b", 0.0)

    assert isinstance(store, S3Store)
    assert store.prefix == "me@home/a:b"


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("AWS_ENDPOINT_URL", "hidden:9000"),
        ("AWS_ENDPOINT_URL", "hidden"),
        ("AWS_ENDPOINT_URL", ""),
        ("AWS_ENDPOINT_URL", "http://"),
        ("AWS_ENDPOINT_URL", "http:/hidden"),
        ("AWS_ENDPOINT_URL", "http://hidden:99999"),
        ("AWS_ENDPOINT_URL", "http://[hidden"),
        ("AWS_ENDPOINT_URL", "http://hid den"),
        ("AWS_ENDPOINT_URL", "http://key:hidden@minio:9000"),
        ("AWS_ENDPOINT_URL", "http://minio:9000\n"),
        ("AWS_ENDPOINT_URL_S3", "hidden"),
        ("AWS_ACCESS_KEY_ID", "hidden\n"),
        ("AWS_SESSION_TOKEN", "hidden\r"),
    ],
)
def test_a_variable_that_can_not_be_used_is_named_and_its_value_not_shown(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)

    with pytest.raises(StoreUrlError, match=f"s3://photos can't be used: {variable} ") as caught:
        obstore.head(open_store("s3://photos", 0.0), "a.jpg")

    assert "hid" not in str(caught.value)


@pytest.mark.parametrize("address", ["https://s3.example.org/base", "http://[::1]:9000", "http://10.0.0.1"])
def test_a_server_s_address_may_have_a_path_a_port_and_be_a_number(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", address)

    open_store("s3://photos", 0.0)


@pytest.mark.parametrize(
    ("url", "path"),
    [("file:///my%20photos/a", "/my photos/a"), ("file://localhost/photos", "/photos"), ("FILE:///", "/")],
)
def test_a_folder_s_address_is_refused_with_its_path(url: str, path: str) -> None:
    with pytest.raises(StoreUrlError, match=f"Give its path instead: {path}\\.$"):
        open_store(url, 0.0)
