"""What README shows with curl and grpcurl, over the same wire, on the real system."""

import json
import urllib.request
import uuid
from typing import Any

import grpc
from google.protobuf import json_format
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

from imagesearch.embedder.v1 import embedder_pb2, embedder_pb2_grpc
from imagesearch.search.v1 import search_pb2, search_pb2_grpc
from tests.local_run_process import LocalRunProcess


def get_json(request: str | urllib.request.Request) -> Any:
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def names(answer: Any) -> list[str]:
    return [result["image"]["name"] for result in answer["results"]]


def test_reflection_lists_both_services(sample_run: LocalRunProcess) -> None:
    listed = []
    for port in (sample_run.embedder_port, sample_run.search_port):
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            listed += list(ProtoReflectionDescriptorDatabase(channel).get_services())

    assert "imagesearch.embedder.v1.EmbedderService" in listed
    assert "imagesearch.search.v1.SearchService" in listed


def test_the_json_of_embedtext_is_a_term_of_a_search(sample_run: LocalRunProcess) -> None:
    with (
        grpc.insecure_channel(f"127.0.0.1:{sample_run.embedder_port}") as embedder,
        grpc.insecure_channel(f"127.0.0.1:{sample_run.search_port}") as search,
    ):
        embedded = embedder_pb2_grpc.EmbedderServiceStub(embedder).EmbedText(
            embedder_pb2.EmbedTextRequest(text="a cat"), timeout=60
        )
        piped = {"terms": [{"embedding": json.loads(json_format.MessageToJson(embedded))["embedding"]}]}
        request = json_format.Parse(json.dumps(piped), search_pb2.SearchImagesRequest())
        found = search_pb2_grpc.SearchServiceStub(search).SearchImages(request, timeout=60)

    assert found.hits[0].image.name == "chelsea.png"
    assert found.hits[0].score > found.hits[1].score


def test_http_searches_by_words_by_a_picture_and_by_a_photo_of_the_index(sample_run: LocalRunProcess) -> None:
    by_words = get_json(f"{sample_run.page}/api/v1/search?q=coffee&page_size=3")
    picture = (sample_run.home / "samples" / "motorcycle_left.png").read_bytes()
    by_picture = get_json(_upload(f"{sample_run.page}/api/v1/search", picture))
    left = by_picture["results"][0]["image"]
    by_photo = get_json(f"{sample_run.page}/api/v1/search?like={left['id']}")

    assert names(by_words)[0] == "coffee.png"
    assert names(by_picture)[:2] == ["motorcycle_left.png", "motorcycle_right.png"]
    assert by_picture["results"][0]["score"] > 0.999
    assert names(by_photo)[0] == "motorcycle_right.png"
    assert "motorcycle_left.png" not in names(by_photo)


def test_terms_with_weights_add_and_subtract(sample_run: LocalRunProcess) -> None:
    body = {"terms": [{"text": "an animal"}, {"text": "a cat", "weight": -1}]}
    request = urllib.request.Request(
        f"{sample_run.page}/api/v1/search",
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )

    plain = names(get_json(f"{sample_run.page}/api/v1/search?q=an+animal"))
    assert names(get_json(request)).index("chelsea.png") > plain.index("chelsea.png")


def _upload(url: str, picture: bytes) -> urllib.request.Request:
    boundary = uuid.uuid4().hex
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\n\r\n'
    return urllib.request.Request(
        url,
        data=head.encode() + picture + f"\r\n--{boundary}--\r\n".encode(),
        headers={"Content-Type": f"multipart/form-data; boundary={boundary}"},
    )
