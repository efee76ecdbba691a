"""The Kubernetes manifests: what a pod may do, what asks for its health, and that an overlay can be made of them.

With kubectl it is kustomize itself that puts them together; without, the files are read as they stand.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import click
import pytest
import yaml

from amanzhol.cli import cli
from amanzhol.settings import Settings
from devices.mangystau import DEVICES_PATH, NETWORK_PATH
from models.topics import DEFAULT_PARTITIONS

ROOT = Path(__file__).resolve().parents[2]
KUBERNETES = ROOT / "deploy" / "kubernetes"
OVERLAYS = sorted(path.parent.name for path in KUBERNETES.glob("overlays/*/kustomization.yaml"))
LARGEST_MAP_BYTES = 1024 * 1024
BASE = [
    document
    for file in sorted((KUBERNETES / "base").glob("*.yaml"))
    for document in yaml.safe_load_all(file.read_text(encoding="utf-8"))
]
WORKLOADS = {document["metadata"]["name"]: document for document in BASE if "template" in document.get("spec", {})}
PODS = {name: document["spec"]["template"]["spec"] for name, document in WORKLOADS.items()}
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]

each_pod = pytest.mark.parametrize("pod", PODS.values(), ids=PODS)


def container_of(pod):
    (container,) = pod["containers"]  # one worker per pod
    return container


@each_pod
def test_a_pod_can_do_no_more_than_it_must(pod):
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    container = container_of(pod)
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert container["resources"]["requests"].keys() == {"cpu", "memory"}
    assert "memory" in container["resources"]["limits"]


def test_pods_run_as_the_user_of_the_image():
    (user,) = re.findall(r"^USER (\d+):(\d+)$", (ROOT / "deploy/image/Dockerfile").read_text(), re.MULTILINE)
    for pod in PODS.values():
        assert (str(pod["securityContext"]["runAsUser"]), str(pod["securityContext"]["runAsGroup"])) == user


@each_pod
def test_a_pod_runs_a_command_with_settings_that_exist(pod):
    container = container_of(pod)
    command, *arguments = container["args"]
    found = cli.get_command(click.Context(cli), command)
    assert not found.make_context(command, list(arguments)).args
    names = {entry["name"] for entry in container["env"]}
    assert {name.removeprefix("AMANZHOL_").lower() for name in names} <= Settings.model_fields.keys()


@each_pod
def test_a_pod_is_asked_for_its_health_where_it_answers(pod):
    container = container_of(pod)
    (port,) = container["ports"]
    default = Settings.model_fields["metrics_port" if container["name"] == "worker" else "fleet_port"].default
    assert port == {"name": "metrics", "containerPort": default}
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        asked = container[probe]["httpGet"]
        assert asked["port"] == "metrics"
        assert asked["path"] in {"/livez", "/readyz", "/metrics"}
    assert container["livenessProbe"]["httpGet"]["path"] == "/livez"


def test_a_worker_that_restores_is_not_ready_and_keeps_its_name():
    worker = WORKLOADS["worker"]
    assert worker["kind"] == "StatefulSet"
    container = container_of(PODS["worker"])
    assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
    (instance,) = [entry for entry in container["env"] if entry["name"] == "AMANZHOL_INSTANCE_ID"]
    assert instance["valueFrom"] == {"fieldRef": {"fieldPath": "metadata.name"}}
    assert PODS["worker"]["terminationGracePeriodSeconds"] > 30


def test_the_watch_over_the_fleet_is_one():
    assert WORKLOADS["fleet"]["spec"]["replicas"] == 1
    assert WORKLOADS["fleet"]["spec"]["strategy"] == {"type": "Recreate"}


def test_one_worker_at_a_time_may_be_taken_away():
    (budget,) = [document for document in BASE if document["kind"] == "PodDisruptionBudget"]
    assert budget["spec"]["maxUnavailable"] == 1
    selector = WORKLOADS["worker"]["spec"]["selector"]
    assert budget["spec"]["selector"] == selector
    assert selector["matchLabels"].items() <= WORKLOADS["worker"]["spec"]["template"]["metadata"]["labels"].items()


@each_pod
def test_what_is_mounted_is_a_volume(pod):
    volumes = [volume["name"] for volume in pod["volumes"]]
    assert [mount["name"] for mount in container_of(pod)["volumeMounts"]] == volumes


def test_the_base_lists_its_files_and_the_image_is_this_version():
    (base,) = [document for document in BASE if document["kind"] == "Kustomization"]
    files = {file.name for file in (KUBERNETES / "base").glob("*.yaml")} - {"kustomization.yaml"}
    assert set(base["resources"]) == files
    assert base["images"] == [{"name": "amanzhol", "newTag": VERSION}]


@pytest.mark.parametrize("name", OVERLAYS)
def test_the_settings_of_an_overlay_exist_and_hold_no_secret(name):
    overlay = yaml.safe_load((KUBERNETES / "overlays" / name / "kustomization.yaml").read_text(encoding="utf-8"))
    (settings,) = [made["literals"] for made in overlay["configMapGenerator"] if made["name"] == "settings"]
    names = [setting.partition("=")[0].removeprefix("AMANZHOL_").lower() for setting in settings]
    assert set(names) <= Settings.model_fields.keys()
    assert not [name for name in names if re.search("password|secret|token", name) and not name.endswith("_file")]
    assert "secretGenerator" not in overlay
    (replicas,) = overlay["replicas"]
    assert replicas["count"] <= DEFAULT_PARTITIONS


def test_the_files_of_the_region_fit_into_a_map():
    assert NETWORK_PATH.stat().st_size + DEVICES_PATH.stat().st_size < LARGEST_MAP_BYTES


@pytest.mark.parametrize("name", OVERLAYS)
def test_an_overlay_can_be_made(tmp_path, name):
    kubectl = shutil.which("kubectl")
    folder = shutil.copytree(KUBERNETES, tmp_path / "kubernetes") / "overlays" / name
    (folder / "region").mkdir()
    for path in (NETWORK_PATH, DEVICES_PATH):
        shutil.copy(path, folder / "region" / path.name)
    overlay = yaml.safe_load((folder / "kustomization.yaml").read_text(encoding="utf-8"))
    for resource in overlay["resources"]:
        assert (folder / resource).exists()
    for made in overlay["configMapGenerator"]:
        assert all((folder / file).is_file() for file in made.get("files", []))
    if kubectl is None:
        return  # kustomize itself is asked where there is one; what it would put together was looked at above
    done = subprocess.run([kubectl, "kustomize", folder], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    documents = list(yaml.safe_load_all(done.stdout))
    assert {document["metadata"].get("namespace") for document in documents if document["kind"] != "Namespace"} == {
        overlay["namespace"]
    }
    (worker,) = [document for document in documents if document["kind"] == "StatefulSet"]
    assert worker["spec"]["replicas"] == overlay["replicas"][0]["count"]
    pod = worker["spec"]["template"]["spec"]
    assert container_of(pod)["image"] == f"amanzhol:{VERSION}"
    maps = {document["metadata"]["name"] for document in documents if document["kind"] == "ConfigMap"}
    (region,) = [volume["configMap"]["name"] for volume in pod["volumes"] if volume["name"] == "region"]
    assert {region, container_of(pod)["envFrom"][0]["configMapRef"]["name"]} == maps  # by the names with their digests
