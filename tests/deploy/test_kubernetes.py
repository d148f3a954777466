"""The manifests on a real cluster: make verify-kubernetes.

Needs kubectl ($KUBECTL says how it is called) and grpcurl here, the images under $TAG on the node, photos in the node's
folder $PHOTOS_ON_NODE and an empty folder $MODELS_ON_NODE that user 10001 may write.
"""

import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy.cluster import (
    copy_into,
    finished,
    get,
    install,
    kube,
    kubectl,
    ready_pods,
    remove,
    run_in_pod,
    wait_until,
)
from tests.deploy.manifests import OVERLAYS
from tests.deploy.pod_scripts import BUSY, FIND, LOAD

pytestmark = [pytest.mark.kubernetes, pytest.mark.timeout(1800)]

SERVICES = ("embedder", "search", "gateway")


@pytest.fixture(scope="module", autouse=True)
def installation() -> Iterator[None]:
    remove()
    started = time.monotonic()
    install()
    for service in SERVICES:
        kube("rollout", "status", f"deployment/{service}", "--timeout=900s")
    print(f"\nready from nothing: {time.monotonic() - started:.0f} s")
    kube("wait", "job/indexer", "--for=condition=complete", "--timeout=600s")
    print(f"photos indexed: {time.monotonic() - started:.0f} s")
    yield
    remove()


def names_found() -> list[str]:
    run_in_pod("find", FIND)
    found: list[str] = json.loads(finished("find", 120).splitlines()[-1])
    return found


def test_photos_are_found_through_the_gateways_service() -> None:
    assert "chelsea.png" in names_found()


def test_grpcurl_finds_photos_from_a_pod() -> None:
    program = shutil.which("grpcurl")
    assert program, "There is no grpcurl: go install github.com/fullstorydev/grpcurl/cmd/grpcurl@latest"
    pod = ready_pods("gateway")[0]  # the network policies let it call both services
    copy_into(pod, Path(program), "/tmp/grpcurl")

    def call(service: str, *method: str, **request: object) -> str:
        data = ["-d", json.dumps(request)] if request else []
        return kube("exec", pod, "--", "/tmp/grpcurl", "-plaintext", *data, service, *method)

    assert "imagesearch.search.v1.SearchService" in call("search:50052", "list").split()
    embedded = json.loads(call("embedder:50051", "imagesearch.embedder.v1.EmbedderService/EmbedText", text="a cat"))
    term = {"embedding": embedded["embedding"]}
    found = json.loads(call("search:50052", "imagesearch.search.v1.SearchService/SearchImages", terms=[term]))
    assert found["hits"][0]["image"]["name"] == "chelsea.png"


def test_every_service_has_two_replicas() -> None:
    assert {service: len(ready_pods(service)) for service in SERVICES} == dict.fromkeys(SERVICES, 2)


@pytest.mark.parametrize("service", SERVICES)
def test_an_update_costs_no_request(service: str) -> None:
    run_in_pod("load", LOAD % 100)
    kube("wait", "pod/load", "--for=condition=Ready", "--timeout=60s")
    time.sleep(5)

    kube("rollout", "restart", f"deployment/{service}")
    kube("rollout", "status", f"deployment/{service}", "--timeout=300s")
    outcome = json.loads(finished("load", 200).splitlines()[-1])

    failures = outcome.pop("failures")
    print(f"\nupdate of {service}: {outcome}, {len(failures)} failed")
    assert failures == []
    assert min(outcome["counts"].values()) > 50


def test_the_embedder_is_scaled_up_and_down() -> None:
    wait_until(lambda: len(ready_pods("embedder")) == 2, 400, "two embedders before the load")
    run_in_pod("busy", BUSY % 90)

    up = wait_until(lambda: len(ready_pods("embedder")) > 2, 240, "a third embedder")
    shares = calls_by_replica()
    kube("delete", "pod", "busy", "--wait")
    down = wait_until(lambda: len(ready_pods("embedder")) == 2, 400, "two embedders again")

    print(f"\nthird embedder ready after {up:.0f} s under load, two again {down:.0f} s after its end; calls: {shares}")


def calls_by_replica() -> dict[str, int]:
    """How many texts each embedder embeds within five seconds."""

    def count(pod: str) -> int:
        script = (
            "from urllib.request import urlopen; import re; "
            "t = urlopen('http://127.0.0.1:9051/metrics').read().decode(); "
            r"print(sum(float(v) for v in re.findall(r'handled_total\{.*EmbedText\".*\} (\S+)', t)))"
        )
        return int(float(kube("exec", pod, "--", "python", "-c", script)))

    pods = ready_pods("embedder")
    time.sleep(12)  # connections grow old, and clients find the new replica
    before = {pod: count(pod) for pod in pods}
    time.sleep(5)
    shares = {pod: count(pod) - before[pod] for pod in pods}
    assert min(shares.values()) > 0
    return shares


def test_an_eviction_respects_the_budget() -> None:
    first, second = ready_pods("search")[:2]

    def evict(pod: str) -> None:
        body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": pod}}
        path = f"/api/v1/namespaces/imagesearch-verify/pods/{pod}/eviction"
        kubectl("create", "--raw", path, "--filename", "-", stdin=json.dumps(body))

    evict(first)
    with pytest.raises(AssertionError, match="disruption budget"):
        evict(second)
    wait_until(lambda: len(ready_pods("search")) == 2, 120, "two search services")


@pytest.mark.parametrize("service", [*SERVICES, "elasticsearch"])
def test_a_killed_pod_comes_back_and_the_photos_are_there(service: str) -> None:
    victim, *others = ready_pods(service)
    before = restarts(victim)

    kube("exec", victim, "--", "sh", "-c", "kill -9 $(cat /proc/1/task/1/children)", check=False)

    back = [victim, *others]
    seconds = wait_until(
        lambda: restarts(victim) > before and set(ready_pods(service)) >= set(back), 180, f"the killed {service}"
    )
    print(f"\nkilled {service} ready again after {seconds:.0f} s")
    wait_until(lambda: len(ready_pods("search")) == 2, 60, "search services that reach Elasticsearch")
    assert "chelsea.png" in names_found()


def restarts(pod: str) -> int:
    return sum(container["restartCount"] for container in get("pod", pod)["status"]["containerStatuses"])


@pytest.mark.parametrize("overlay", [name for name in OVERLAYS if name != "production-eck"])
def test_the_api_server_takes_every_overlay(overlay: str) -> None:
    built = kubectl("kustomize", f"k8s/overlays/{overlay}")
    kubectl("create", "namespace", "imagesearch", check=False)

    kubectl("apply", "--dry-run=server", "--validate=strict", "--filename", "-", stdin=built)
