"""`make run SEARCH_ELASTICSEARCH_HOSTS=...`: all that works on the embedded index, with the index in a cluster."""

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import grpc
import pytest
import skimage
import sklearn
from PIL import ExifTags, Image

from imagesearch.search.v1 import search_pb2, search_pb2_grpc
from tests.local_run_process import LocalRunProcess
from tests.search_service.elastic_server import ElasticServer, GetServer

DATA = {
    "chelsea": Path(skimage.__file__).parent / "data" / "chelsea.png",
    "rocket": Path(skimage.__file__).parent / "data" / "rocket.jpg",
    "flower": Path(sklearn.__file__).parent / "datasets" / "images" / "flower.jpg",
}
# Folder, time, camera, and latitude and longitude in degrees.
FACTS = {
    "chelsea": ("2023/home", "2023:05:01 10:00:00", "X-T5", (48.0, 11.0)),
    "rocket": ("2024/florida", "2024:07:02 11:00:00", "X-T5", (28.0, 80.0)),
    "flower": ("2024/garden", "2024:04:03 12:00:00", "Pixel 8", None),
}


def write_photo(name: str, folder: Path) -> None:
    inside, taken, model, place = FACTS[name]
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Maker"
    exif[ExifTags.Base.Model] = model
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = taken
    if place:
        gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
        gps[ExifTags.GPS.GPSLatitudeRef], gps[ExifTags.GPS.GPSLatitude] = "N", (place[0], 0.0, 0.0)
        gps[ExifTags.GPS.GPSLongitudeRef], gps[ExifTags.GPS.GPSLongitude] = "E", (place[1], 0.0, 0.0)
    (folder / inside).mkdir(parents=True, exist_ok=True)
    with Image.open(DATA[name]) as image:
        image.convert("RGB").save(folder / inside / f"{name}.jpg", exif=exif)


@pytest.fixture(scope="module")
def server(elastic_server: GetServer) -> ElasticServer:
    return elastic_server("9.2.4 with TLS")


@pytest.fixture(scope="module")
def settings(server: ElasticServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    photos = tmp_path_factory.mktemp("photos")
    for name in FACTS:
        write_photo(name, photos)
    found = server.settings(alias=f"whole-{uuid.uuid4().hex[:8]}")
    yield {
        "PHOTOS": str(photos),
        "SEARCH_ELASTICSEARCH_HOSTS": found.hosts,
        "SEARCH_ELASTICSEARCH_ALIAS": found.alias,
        "SEARCH_ELASTICSEARCH_USERNAME": found.username,
        "SEARCH_ELASTICSEARCH_PASSWORD": found.secret("password") or "",
        "SEARCH_ELASTICSEARCH_CA_FILE": str(found.ca_file or ""),
    }
    server.drop(found.alias)


@pytest.fixture(scope="module")
def run(settings: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalRunProcess]:
    started = LocalRunProcess(tmp_path_factory.mktemp("data"), **settings)
    try:
        started.wait_for("3 embedded and written")
        started.wait_for("Search your photos at")
        yield started
    finally:
        started.close()


def get(run: LocalRunProcess, path: str, **parameters: str) -> Any:
    with urlopen(f"{run.page}/api/v1/{path}?{urlencode(parameters)}", timeout=30) as answer:
        return json.load(answer)


def names(run: LocalRunProcess, **parameters: str) -> list[str]:
    return [found["image"]["name"].removesuffix(".jpg") for found in get(run, "search", **parameters)["results"]]


def test_the_index_is_in_the_cluster(run: LocalRunProcess) -> None:
    index = get(run, "index")

    assert index["backend"].startswith("elasticsearch 9.2.4")
    assert (index["state"], index["image_count"]) == ("ready", 3)
    assert not (run.home / "index").exists()


def test_every_search_finds(run: LocalRunProcess) -> None:
    cat = get(run, "search", q="a cat")["results"][0]["image"]
    terms = {"terms": [{"text": "a cat"}, {"image_id": cat["id"], "weight": -0.5}], "page_size": 2}
    request = Request(
        f"{run.page}/api/v1/search", json.dumps(terms).encode(), headers={"Content-Type": "application/json"}
    )

    assert cat["name"] == "chelsea.jpg"
    assert names(run, q="eine Rakete")[0] == "rocket"
    assert sorted(names(run, like=cat["id"])) == ["flower", "rocket"]
    with urlopen(request, timeout=30) as answer:
        assert len(json.load(answer)["results"]) == 2
    assert upload(run, DATA["flower"])[0]["image"]["name"] == "flower.jpg"


def upload(run: LocalRunProcess, picture: Path) -> list[Any]:
    boundary = uuid.uuid4().hex
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="image"; filename="a.jpg"\r\n\r\n'
    body = head.encode() + picture.read_bytes() + f"\r\n--{boundary}--\r\n".encode()
    content_type = f"multipart/form-data; boundary={boundary}"
    with urlopen(
        Request(f"{run.page}/api/v1/search", body, headers={"Content-Type": content_type}), timeout=30
    ) as answer:
        results: list[Any] = json.load(answer)["results"]
    return results


@pytest.mark.parametrize(
    ("parameters", "kept"),
    [
        ({"taken_from": "2024"}, {"rocket", "flower"}),
        ({"taken_before": "2024-05"}, {"chelsea", "flower"}),
        ({"folder": "2024/garden"}, {"flower"}),
        ({"bbox": "10,40,20,50"}, {"chelsea"}),
        ({"near": "28.001,80.001", "radius": "1000"}, {"rocket"}),
        ({"camera_make": "Maker", "camera_model": "X-T5"}, {"chelsea", "rocket"}),
        ({"media_type": "image/jpeg"}, {"chelsea", "rocket", "flower"}),
        ({"media_type": "image/png"}, set()),
    ],
    ids=str,
)
def test_every_filter_keeps_what_it_should(
    run: LocalRunProcess, settings: dict[str, str], parameters: dict[str, str], kept: set[str]
) -> None:
    source = {"source": Path(settings["PHOTOS"]).name}

    assert set(names(run, q="a photo", **source, **parameters)) == kept
    assert get(run, "facets", **source, **parameters)["image_count"] == len(kept)


def test_facets_and_orders(run: LocalRunProcess) -> None:
    facets = get(run, "facets")

    assert [(month["month"], month["image_count"]) for month in facets["months"]] == [
        ("2024-07", 1),
        ("2024-04", 1),
        ("2023-05", 1),
    ]
    assert {camera["model"]: camera["image_count"] for camera in facets["cameras"]} == {"X-T5": 2, "Pixel 8": 1}
    assert facets["without_place_count"] == 1
    assert names(run, q="a cat", order="newest") == ["rocket", "flower", "chelsea"]
    listed = [image["name"] for image in get(run, "images", order="newest")["images"]]
    assert listed == ["rocket.jpg", "flower.jpg", "chelsea.jpg"]


def test_thumbnails_are_served(run: LocalRunProcess) -> None:
    image = get(run, "search", q="a cat")["results"][0]["image"]

    with urlopen(run.page + image["thumbnail_url"], timeout=30) as answer:
        assert answer.headers["Content-Type"] == "image/webp"


def test_what_is_deleted_is_found_no_more_and_indexed_again(run: LocalRunProcess, settings: dict[str, str]) -> None:
    rocket = get(run, "search", q="a rocket")["results"][0]["image"]["id"]
    with grpc.insecure_channel(f"127.0.0.1:{run.search_port}") as channel:
        stub = search_pb2_grpc.SearchServiceStub(channel)
        deleted = stub.DeleteImages(search_pb2.DeleteImagesRequest(ids=[rocket]), timeout=30)

    assert deleted.deleted_count == 1
    assert sorted(names(run, q="a rocket")) == ["chelsea", "flower"]

    run.interrupt()
    again = LocalRunProcess(run.home, **settings)
    try:
        again.wait_for("1 embedded and written")
        again.wait_for("Search your photos at")
        assert names(again, q="a rocket")[0] == "rocket"
    finally:
        again.close()
