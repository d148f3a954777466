"""kubectl, and an installation for trying the manifests out: production with a small Elasticsearch of its own."""

import json
import os
import shlex
import subprocess
import tempfile
import time
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

NAMESPACE = "imagesearch-verify"
TAG = os.environ.get("TAG", "local")
STACK_VERSION = os.environ.get("STACK_VERSION", "9.2.4")
# A folder with photos on the node.
PHOTOS = os.environ.get("PHOTOS_ON_NODE", "/photos")
MODELS = os.environ.get("MODELS_ON_NODE", "/tmp/imagesearch-verify-models")

_SETUP = Path("scripts/elasticsearch_setup.sh")


def kubectl(*arguments: str, stdin: str | None = None, check: bool = True) -> str:
    """What it prints. $KUBECTL says how it is called."""
    command = _command(*arguments)
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)
    if check and done.returncode:
        raise AssertionError(f"{' '.join(command)}: {done.stdout[-2000:]}{done.stderr[-4000:]}")
    return done.stdout


def _command(*arguments: str) -> list[str]:
    return [*shlex.split(os.environ.get("KUBECTL", "kubectl")), *arguments]


def kube(*arguments: str, stdin: str | None = None, check: bool = True) -> str:
    """kubectl in the namespace of the trial."""
    return kubectl("--namespace", NAMESPACE, *arguments, stdin=stdin, check=check)


def get(*arguments: str) -> Any:
    """What `kubectl get` shows, parsed."""
    return json.loads(kube("get", *arguments, "--output", "json"))


def wait_until(holds: Callable[[], bool], seconds: float, what: str) -> float:
    """How long it took. Fails after `seconds`."""
    started = time.monotonic()
    while not holds():
        assert time.monotonic() - started < seconds, f"not within {seconds} s: {what}"
        time.sleep(1)
    return time.monotonic() - started


def ready_pods(service: str) -> list[str]:
    """The names of the pods of a service that are ready and not ending."""
    pods = get("pods", "--selector", f"app.kubernetes.io/name={service}")["items"]
    return [pod["metadata"]["name"] for pod in pods if _is_ready(pod) and "deletionTimestamp" not in pod["metadata"]]


def _is_ready(pod: dict[str, Any]) -> bool:
    conditions = {found["type"]: found["status"] for found in pod["status"].get("conditions", [])}
    return conditions.get("Ready") == "True"


def run_in_pod(name: str, script: str) -> None:
    """Starts a pod with the gateway's image, which has Python, grpc and the stubs, that runs the script."""
    container = {
        "name": name,
        "image": f"imagesearch-gateway:{TAG}",
        "imagePullPolicy": "IfNotPresent",
        "command": ["python", "-uc", script],
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
    }
    spec = {
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "securityContext": {"runAsNonRoot": True, "runAsUser": 10001, "seccompProfile": {"type": "RuntimeDefault"}},
        "terminationGracePeriodSeconds": 5,
        "containers": [container],
    }
    metadata = {"name": name, "labels": {"trial": "client"}}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}
    kube("delete", "pod", name, "--ignore-not-found", "--wait")
    kube("apply", "--filename", "-", stdin=json.dumps(pod))


def copy_into(pod: str, file: Path, target: str) -> None:
    """Copies a program into a folder of the pod that can be written."""
    command = _command("--namespace", NAMESPACE, "exec", "--stdin", pod, "--")
    with file.open("rb") as content:
        subprocess.run([*command, "sh", "-c", f"cat >{target} && chmod +x {target}"], stdin=content, check=True)


def finished(name: str, seconds: float) -> str:
    """The output of a pod that must end well."""
    try:
        kube("wait", f"pod/{name}", "--for=jsonpath={.status.phase}=Succeeded", f"--timeout={seconds}s")
    except AssertionError as error:
        raise AssertionError(f"{error} {kube('logs', name, check=False)[-3000:]}") from None
    return kube("logs", name)


def install() -> None:
    """Applies everything."""
    kubectl("apply", "--filename", "-", stdin=yaml.safe_dump(_namespace()))
    kube("apply", "--filename", "-", stdin=yaml.safe_dump_all([_secret()]))
    kube("apply", "--filename", "-", stdin=manifests())


def remove() -> None:
    """Takes everything away."""
    kubectl("delete", "namespace", NAMESPACE, "--ignore-not-found", "--wait", "--timeout=180s")
    for volume in ("photos", "models"):
        kubectl("delete", "persistentvolume", f"{NAMESPACE}-{volume}", "--ignore-not-found")


def manifests() -> str:
    """What kustomize makes of the trial's overlay."""
    with tempfile.TemporaryDirectory(dir="k8s/overlays") as folder:
        parts, trial = Path(folder, "parts"), Path(folder, "trial")
        for path, kustomization in ((parts, _PARTS), (trial, _trial_kustomization())):
            path.mkdir()
            (path / "kustomization.yaml").write_text(yaml.safe_dump(kustomization), encoding="utf-8")
        (trial / "trial.yaml").write_text(yaml.safe_dump_all(_trial()), encoding="utf-8")
        return kubectl("kustomize", str(trial.resolve()))


_COMPONENTS = (
    "external-elasticsearch",
    "model-volume",
    "indexer-job",
    "autoscaling",
    "disruption-budgets",
    "network-policies",
)
# Apart from the trial's own settings, since components are applied after the settings beside them.
_PARTS = {"resources": ["../../../base"], "components": [f"../../../components/{name}" for name in _COMPONENTS]}


def _trial_kustomization() -> dict[str, Any]:
    images = ["embedder", "gateway", "indexer", "search"]
    quick = (
        '[{"op": "replace", "path": "/spec/behavior/scaleDown/stabilizationWindowSeconds", "value": 15}, '
        '{"op": "replace", "path": "/spec/maxReplicas", "value": 3}]'
    )
    small = '[{"op": "replace", "path": "/spec/template/spec/containers/0/resources/requests/cpu", "value": "100m"}]'
    volume = '[{"op": "replace", "path": "/spec/volumeName", "value": "%s"}]'
    static = (
        f'[{{"op": "add", "path": "/spec/volumeName", "value": "{NAMESPACE}-models"}}, '
        '{"op": "add", "path": "/spec/storageClassName", "value": ""}]'
    )
    return {
        "namespace": NAMESPACE,
        "resources": ["../parts", "trial.yaml"],
        "images": [{"name": f"imagesearch-{name}", "newTag": TAG} for name in images],
        "configMapGenerator": [
            {
                "name": "search",
                "behavior": "merge",
                "literals": [
                    "SEARCH_ELASTICSEARCH_HOSTS=https://elasticsearch:9200",
                    "SEARCH_ELASTICSEARCH_USERNAME=elastic",
                ],
            },
            {"name": "embedder", "behavior": "merge", "literals": ["EMBEDDER_MODEL=concept"]},
        ],
        "patches": [
            {"target": {"kind": "HorizontalPodAutoscaler"}, "patch": quick},
            {"target": {"kind": "Deployment", "name": "(embedder|gateway|search)"}, "patch": small},
            {"target": {"kind": "PersistentVolumeClaim", "name": "photos"}, "patch": volume % f"{NAMESPACE}-photos"},
            {"target": {"kind": "PersistentVolumeClaim", "name": "models"}, "patch": static},
        ],
    }


def _trial() -> list[dict[str, Any]]:
    return [
        _volume("photos", "ReadOnlyMany", {"path": PHOTOS, "type": "Directory"}),
        _volume("models", "ReadWriteMany", {"path": MODELS, "type": "Directory"}),
        _clients_may_call_the_embedder(),
        *yaml.safe_load_all(_ELASTICSEARCH.replace("STACK_VERSION", STACK_VERSION)),
    ]


def _clients_may_call_the_embedder() -> dict[str, Any]:
    spec = {
        "podSelector": {"matchLabels": {"app.kubernetes.io/name": "embedder"}},
        "ingress": [{"from": [{"podSelector": {"matchLabels": {"trial": "client"}}}]}],
    }
    policy = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy"}
    return {**policy, "metadata": {"name": "trial-clients"}, "spec": spec}


def _volume(name: str, mode: str, folder: dict[str, str]) -> dict[str, Any]:
    spec = {
        "capacity": {"storage": "5Gi"},
        "accessModes": [mode],
        "storageClassName": "",
        "persistentVolumeReclaimPolicy": "Retain",
        "hostPath": folder,
    }
    metadata = {"name": f"{NAMESPACE}-{name}"}
    return {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": metadata, "spec": spec}


def _namespace() -> dict[str, Any]:
    labels = {"pod-security.kubernetes.io/warn": "restricted"}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE, "labels": labels}}


def _secret() -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([_SETUP, folder, folder], check=True, capture_output=True)
        names = ("ca.crt", "node.crt", "node.key", "password")
        data = {name: b64encode(Path(folder, name).read_bytes().strip()).decode() for name in names}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "elasticsearch"}, "data": data}


_ELASTICSEARCH = """
apiVersion: v1
kind: Service
metadata: { name: elasticsearch }
spec:
  selector: { app.kubernetes.io/name: elasticsearch }
  ports: [{ port: 9200 }]
---
apiVersion: apps/v1
kind: StatefulSet
metadata: { name: elasticsearch }
spec:
  serviceName: elasticsearch
  selector: { matchLabels: { app.kubernetes.io/name: elasticsearch } }
  template:
    metadata: { labels: { app.kubernetes.io/name: elasticsearch } }
    spec:
      securityContext: { runAsUser: 1000, runAsGroup: 0, fsGroup: 0 }
      containers:
        - name: elasticsearch
          image: docker.elastic.co/elasticsearch/elasticsearch:STACK_VERSION
          imagePullPolicy: IfNotPresent
          command: [/bin/tini, --, /bin/bash, -euc]
          args:
            - |
              ES_PATH_CONF=$(mktemp --directory /run/config/XXXX) # a new one at each start
              export ES_PATH_CONF
              cp -RL /usr/share/elasticsearch/config/. "$ES_PATH_CONF"
              cp -L /run/secrets/elasticsearch/* "$ES_PATH_CONF"
              exec /usr/local/bin/docker-entrypoint.sh eswrapper
          env:
            - { name: ELASTIC_PASSWORD, valueFrom: { secretKeyRef: { name: elasticsearch, key: password } } }
            - { name: ES_JAVA_OPTS, value: "-Xms512m -Xmx512m" }
            - { name: discovery.type, value: single-node }
            - { name: xpack.security.enabled, value: "true" }
            - { name: xpack.security.http.ssl.enabled, value: "true" }
            - { name: xpack.security.http.ssl.key, value: node.key }
            - { name: xpack.security.http.ssl.certificate, value: node.crt }
          readinessProbe: { tcpSocket: { port: 9200 } }
          resources: { requests: { cpu: 100m, memory: 1Gi }, limits: { memory: 2Gi } }
          volumeMounts:
            - { name: config, mountPath: /run/config }
            - { name: data, mountPath: /usr/share/elasticsearch/data }
            - { name: secret, mountPath: /run/secrets/elasticsearch }
      volumes:
        - { name: config, emptyDir: {} }
        - { name: data, emptyDir: {} }
        - { name: secret, secret: { secretName: elasticsearch, defaultMode: 0440 } }
"""
