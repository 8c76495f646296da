"""The examples of deploy/ are valid, agree with the shop's settings, and with each other."""

from __future__ import annotations

import re
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]
import msgspec
import pytest

import shop
from shop.settings import COMPOSE_NAMES, SECRETS, Settings

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy/kubernetes"
SETTINGS = {name.upper() for name in Settings.__struct_fields__} | {f"{name.upper()}_FILE" for name in SECRETS}


def manifests(file: str) -> list[Any]:
    documents = re.split(r"^---$", (FOLDER / file).read_text(), flags=re.MULTILINE)
    return [msgspec.yaml.decode(document) for document in documents]


FILES = msgspec.yaml.decode((FOLDER / "kustomization.yaml").read_bytes())["resources"]
MANIFESTS = [manifest for file in FILES for manifest in manifests(file)]
BY_KIND = {manifest["kind"]: manifest for manifest in MANIFESTS}
POD = BY_KIND["Deployment"]["spec"]["template"]["spec"]
(CONTAINER,) = POD["containers"]


@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda manifest: manifest["kind"])
def test_a_manifest_is_one_that_kubernetes_takes(manifest: Any) -> None:
    kubernetes_validate.validate(manifest, kubernetes_validate.latest_version(), strict=True)


def test_there_is_a_manifest_for_each_need() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {*FILES, "kustomization.yaml"}
    assert set(BY_KIND) == {
        *("ConfigMap", "ServiceAccount", "Deployment", "Service", "Ingress"),
        *("PodDisruptionBudget", "HorizontalPodAutoscaler", "NetworkPolicy"),
    }
    labels = BY_KIND["Deployment"]["spec"]["template"]["metadata"]["labels"]
    assert BY_KIND["Service"]["spec"]["selector"] == labels
    for kind, key in (
        ("Deployment", "selector"),
        ("PodDisruptionBudget", "selector"),
        ("NetworkPolicy", "podSelector"),
    ):
        assert BY_KIND[kind]["spec"][key] == {"matchLabels": labels}
    assert (
        BY_KIND["HorizontalPodAutoscaler"]["spec"]["minReplicas"]
        > BY_KIND["PodDisruptionBudget"]["spec"]["minAvailable"]
    )


def test_a_pod_is_given_settings_that_the_shop_reads() -> None:
    given = BY_KIND["ConfigMap"]["data"]
    own = {each["name"]: each["value"] for each in CONTAINER["env"]}
    assert given.keys() | own.keys() <= SETTINGS
    settings = Settings.from_env(given, Path("no such file"))
    assert settings.demo is False
    assert settings.metrics_port in {port["containerPort"] for port in CONTAINER["ports"]}
    secrets = {Path(value).name for name, value in own.items() if name.endswith("_FILE")}
    script = (FOLDER / "kustomization.yaml").read_text()
    assert set(re.findall(r"--from-literal=(\w+)=", script)) == secrets
    assert POD["terminationGracePeriodSeconds"] > settings.drain_seconds + settings.payment_seconds + 2
    assert CONTAINER["image"] == f"shop:{shop.__version__}"


def test_a_pod_is_the_images_user_and_writes_only_where_it_may() -> None:
    user = re.search(r"^USER (\d+):(\d+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert user
    security = POD["securityContext"]
    assert (security["runAsUser"], security["runAsGroup"], security["fsGroup"]) == (
        *map(int, user.groups()),
        int(user[2]),
    )
    assert CONTAINER["securityContext"]["readOnlyRootFilesystem"] is True
    assert {mount["mountPath"] for mount in CONTAINER["volumeMounts"] if not mount.get("readOnly")} == {"/tmp", "/data"}
    assert {mount["name"] for mount in CONTAINER["volumeMounts"]} == {volume["name"] for volume in POD["volumes"]}


def test_only_readiness_asks_for_the_stores() -> None:
    paths = {name: CONTAINER[f"{name}Probe"]["httpGet"]["path"] for name in ("startup", "liveness", "readiness")}
    assert paths == {"startup": "/healthz", "liveness": "/healthz", "readiness": "/readyz"}
    readiness = CONTAINER["readinessProbe"]
    noticed = readiness["periodSeconds"] * readiness["failureThreshold"] + readiness["timeoutSeconds"]
    assert float(BY_KIND["ConfigMap"]["data"]["DRAIN_SECONDS"]) > noticed


@pytest.fixture
def unit() -> ConfigParser:
    parser = ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read(ROOT / "deploy/shop.service")
    return parser


def test_systemd_waits_for_a_payment(unit: ConfigParser) -> None:
    seconds = int(unit["Service"]["TimeoutStopSec"].removesuffix("s"))
    assert seconds > Settings().drain_seconds + Settings().payment_seconds + 2
    text = (ROOT / "deploy/shop.service").read_text()
    assert set(re.findall(r"^Environment=(\w+)=", text, re.MULTILINE)) <= SETTINGS
    assert unit["Service"]["ExecStart"].endswith("/shop run")


@pytest.mark.parametrize("file", ["nginx.conf", "Caddyfile"])
def test_a_proxy_waits_for_a_payment(file: str) -> None:
    text = (ROOT / "deploy" / file).read_text()
    (seconds,) = re.findall(r"(?:proxy_read_timeout|response_header_timeout) +(\d+)s", text)
    assert int(seconds) > Settings().payment_seconds + 2
    assert set(re.findall(r"\b([A-Z]+_[A-Z_]+)\b", text)) <= SETTINGS | COMPOSE_NAMES


def test_caddy_notices_that_a_shop_is_going_to_end() -> None:
    text = (ROOT / "deploy/Caddyfile").read_text()
    noticed = sum(int(seconds) for seconds in re.findall(r"health_(?:interval|timeout) (\d+)s", text))
    assert 0 < noticed < Settings().drain_seconds
