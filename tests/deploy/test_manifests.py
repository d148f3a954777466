"""What can be told of the manifests without a cluster."""

import json
import re
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest

from embedder_service.service import SERVICE_NAME as EMBEDDER
from grpc_runtime.server import LIVENESS
from scripts.settings_table import MODULES, configuration_class
from search_service.service import SERVICE_NAME as SEARCH
from tests.deploy.manifests import (
    COMPONENTS,
    OVERLAYS,
    Object,
    build_component,
    build_kustomization,
    build_overlay,
    named,
    of_kind,
    pod_template,
)

KUBERNETES_VERSION = "1.34"
# Their schemas come with an operator.
FOREIGN_KINDS = {"Elasticsearch"}
WORKLOADS = ("Deployment", "Job", "CronJob")
SERVICES = ("embedder", "gateway", "search")
GRPC = {"embedder": (50051, EMBEDDER), "search": (50052, SEARCH)}

every_overlay = pytest.mark.parametrize("overlay", OVERLAYS)


def check_schemas(objects: list[Object]) -> None:
    for found in objects:
        if found["kind"] not in FOREIGN_KINDS:
            kubernetes_validate.validate(found, KUBERNETES_VERSION, strict=True)


@every_overlay
def test_an_overlay_is_built_and_fits_the_schemas(overlay: str) -> None:
    check_schemas(build_overlay(overlay))


@pytest.mark.parametrize("component", [name for name in COMPONENTS if name != "production"])
def test_a_component_is_built_and_fits_the_schemas(component: str) -> None:
    check_schemas(build_component(component))


def test_the_overlay_of_the_docs_changes_what_it_says() -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", Path("docs/deploy.md").read_text(encoding="utf-8"), re.DOTALL)

    built = build_kustomization(example.replace("../production", "../overlays/production"))

    check_schemas(built)
    settings = {key: value for found in of_kind(built, "ConfigMap") for key, value in found["data"].items()}
    assert settings["SEARCH_ELASTICSEARCH_HOSTS"] == "https://elasticsearch.me.example:9200"
    assert settings["SEARCH_ELASTICSEARCH_USERNAME"] == "imagesearch"
    left = [line for line in json.dumps(built).split('"') if re.search(r"(?<!\.me)\.example", line)]
    assert left == []


def test_a_field_that_there_is_not_is_found() -> None:
    wrong = {**named(build_overlay("local"), "Deployment", "gateway"), "specification": {}}

    with pytest.raises(kubernetes_validate.ValidationError):
        check_schemas([wrong])


@every_overlay
def test_every_container_can_do_no_more_than_it_must(overlay: str) -> None:
    for workload in of_kind(build_overlay(overlay), *WORKLOADS):
        spec = pod_template(workload)["spec"]
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["runAsUser"] == 10001
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert spec["automountServiceAccountToken"] is False
        for container in [*spec["containers"], *spec.get("initContainers", [])]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            assert {"cpu", "memory"} <= container["resources"]["requests"].keys()
            assert "memory" in container["resources"]["limits"]


@every_overlay
def test_every_pod_has_an_account_and_every_selector_its_pods(overlay: str) -> None:
    objects = build_overlay(overlay)
    accounts = {found["metadata"]["name"] for found in of_kind(objects, "ServiceAccount")}
    labels = [pod_template(workload)["metadata"]["labels"] for workload in of_kind(objects, *WORKLOADS)]

    assert {
        pod_template(workload)["spec"]["serviceAccountName"] for workload in of_kind(objects, *WORKLOADS)
    } <= accounts
    selectors = [found["spec"]["selector"] for found in of_kind(objects, "Service")]
    selectors += [
        found["spec"]["selector"]["matchLabels"] for found in of_kind(objects, "PodDisruptionBudget", "Deployment")
    ]
    selectors += [found["spec"]["podSelector"]["matchLabels"] for found in of_kind(objects, "NetworkPolicy")]
    assert [selector for selector in selectors if not any(selector.items() <= each.items() for each in labels)] == []


@every_overlay
def test_probes_ask_for_what_the_services_tell(overlay: str) -> None:
    objects = build_overlay(overlay)
    for name, (port, service) in GRPC.items():
        container = pod_template(named(objects, "Deployment", name))["spec"]["containers"][0]
        assert container["startupProbe"]["grpc"] == {"port": port, "service": LIVENESS}
        assert container["livenessProbe"]["grpc"] == {"port": port, "service": LIVENESS}
        assert container["readinessProbe"]["grpc"] == {"port": port, "service": service}
        assert named(objects, "Service", name)["spec"]["clusterIP"] == "None"
        assert named(objects, "Service", name)["spec"]["ports"][0]["port"] == port


@every_overlay
@pytest.mark.parametrize("name", SERVICES)
def test_a_pod_has_time_to_finish_its_calls(overlay: str, name: str) -> None:
    objects = build_overlay(overlay)
    spec = pod_template(named(objects, "Deployment", name))["spec"]
    stop = spec["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
    prefix = name.upper()
    settings = {**settings_with_defaults(), **settings_of(objects)}
    drain = float(settings[f"{prefix}_DRAIN_SECONDS"]) + float(settings.get(f"{prefix}_LINGER_SECONDS", 0))

    assert spec["terminationGracePeriodSeconds"] >= stop + drain + 5


@every_overlay
def test_every_setting_is_one_that_there_is_and_takes_the_value(overlay: str) -> None:
    settings = settings_of(build_overlay(overlay))

    assert settings.keys() <= settings_with_defaults().keys()
    assert json.loads(settings["GATEWAY_SOURCES"]) == {"photos": "/photos"}
    assert settings["GATEWAY_EMBEDDER"] == "embedder:50051"
    assert settings["GATEWAY_SEARCH"] == "search:50052"


@every_overlay
def test_secrets_are_read_from_files_that_are_mounted(overlay: str) -> None:
    objects = build_overlay(overlay)
    files = [value for name, value in settings_of(objects).items() if name.endswith("_FILE")]
    mounts = pod_template(named(objects, "Deployment", "search"))["spec"]["containers"][0]["volumeMounts"]

    assert [file for file in files if not any(file.startswith(mount["mountPath"] + "/") for mount in mounts)] == []
    assert not re.search(r"password: \S|api_key: \S", json.dumps(objects), re.IGNORECASE)


@pytest.mark.parametrize("overlay", ["production", "production-eck", "gpu"])
def test_on_a_cluster_every_service_has_two_replicas_a_budget_and_policies(overlay: str) -> None:
    objects = build_overlay(overlay)
    scaled = {
        found["spec"]["scaleTargetRef"]["name"]: found["spec"] for found in of_kind(objects, "HorizontalPodAutoscaler")
    }

    for name in SERVICES:
        replicas = (
            scaled[name]["minReplicas"] if name in scaled else named(objects, "Deployment", name)["spec"]["replicas"]
        )
        assert replicas >= 2
        assert named(objects, "PodDisruptionBudget", name)["spec"]["maxUnavailable"] == 1
    assert set(policies(objects)) == {"deny-all", *SERVICES, "indexer", "fetch-model"}
    assert "ingress" not in policies(objects)["deny-all"]
    assert "egress" not in policies(objects)["deny-all"]


def test_embedders_read_what_the_job_fetched_and_write_into_a_folder_of_their_own() -> None:
    objects = build_component("model-volume")
    image = dict(
        re.findall(
            r"(\w+)=(\S+)", Path("Dockerfile").read_text(encoding="utf-8").split("AS embedder-code")[1].split("RUN")[0]
        )
    )
    job = pod_template(named(objects, "Job", "fetch-model"))["spec"]
    pods = pod_template(named(objects, "Deployment", "embedder"))["spec"]
    fetched, written = image["EMBEDDER_BUNDLED_DIR"], image["EMBEDDER_CACHE_DIR"]

    assert environment_of(job) == {"EMBEDDER_CACHE_DIR": fetched, "HF_HOME": fetched}
    assert volume_at(job, fetched) == ({"persistentVolumeClaim": {"claimName": "models"}}, True)
    assert environment_of(pods) == {"HF_HUB_OFFLINE": "1"}
    assert volume_at(pods, fetched) == ({"persistentVolumeClaim": {"claimName": "models"}}, False)
    assert volume_at(pods, written) == ({"emptyDir": {}}, True)
    assert volume_at(pods, image["HF_HOME"]) == ({"emptyDir": {}}, True)


def environment_of(spec: Object) -> dict[str, str]:
    return {found["name"]: found["value"] for found in spec["containers"][0].get("env", [])}


def volume_at(spec: Object, folder: str) -> tuple[Object, bool]:
    """What lies there, and whether it can be written."""
    (mount,) = (
        found for found in spec["containers"][0]["volumeMounts"] if Path(folder).is_relative_to(found["mountPath"])
    )
    (volume,) = (found for found in spec["volumes"] if found["name"] == mount["name"])
    return {key: value for key, value in volume.items() if key != "name"}, not mount.get("readOnly", False)


def test_a_pod_for_each_shard_knows_which_of_how_many_it_is() -> None:
    job = named(build_component("indexer-shards"), "Job", "indexer")["spec"]
    template = job["template"]["spec"]
    (failing_alone,) = (rule for rule in job["podFailurePolicy"]["rules"] if rule["action"] == "FailIndex")

    assert job["completionMode"] == "Indexed"
    assert job["parallelism"] == job["completions"] == int(environment_of(template)["SHARDS"])
    assert template["containers"][0]["args"][-1] == "--shard=$(JOB_COMPLETION_INDEX)/$(SHARDS)"
    assert job["podFailurePolicy"]["rules"][0] == failing_alone  # the first that fits counts
    assert "backoffLimit" not in job  # it would be one for all shards


@pytest.mark.parametrize(("component", "kind"), [("indexer-job", "Job"), ("indexer-cronjob", "CronJob")])
def test_the_template_of_the_indexers_pods_is_copied_and_not_applied(component: str, kind: str) -> None:
    objects = build_component(component)

    (container,) = pod_template(named(objects, kind, "indexer"))["spec"]["containers"]
    assert container["args"][:4] == ["indexer", "/photos", "--source", "photos"]
    assert of_kind(objects, "PodTemplate") == []


def policies(objects: list[Object]) -> dict[str, Any]:
    return {found["metadata"]["name"]: found["spec"] for found in of_kind(objects, "NetworkPolicy")}


def settings_of(objects: list[Object]) -> dict[str, str]:
    return {name: value for found in of_kind(objects, "ConfigMap") for name, value in found["data"].items()}


def settings_with_defaults() -> dict[str, Any]:
    classes = [configuration_class(module) for module in MODULES]
    return {
        f"{found.model_config.get('env_prefix', '')}{name}".upper(): field.default
        for found in classes
        for name, field in found.model_fields.items()
    }
