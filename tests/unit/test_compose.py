"""The compose file and the image, checked against the code (no container engine needed)."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from myk.settings import OTHER_VARIABLES, Settings
from myk.stack import container

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
DOCKERFILE = (ROOT / "Dockerfile").read_text()
KNOWN = {f"MYK_{name.upper()}" for name in Settings.model_fields} | OTHER_VARIABLES
SERVICES = sorted(COMPOSE["services"])


def test_every_part_is_there() -> None:
    assert set(SERVICES) == {
        "postgres", "valkey", "qdrant", "search", "setup", "web", "worker", "harvests", "proxy",
    }  # fmt: skip


@pytest.mark.parametrize("name", [name for name in SERVICES if name != "proxy"])
def test_every_setting_exists(name: str) -> None:
    environment = COMPOSE["services"][name].get("environment", {})
    assert {key for key in environment if key.startswith("MYK_")} <= KNOWN


def test_every_setting_of_the_image_exists() -> None:
    assert set(re.findall(r"\bMYK_[A-Z_]+", DOCKERFILE)) <= KNOWN


@pytest.mark.parametrize("name", SERVICES)
def test_every_path_and_module_exists(name: str) -> None:
    service = COMPOSE["services"][name]
    for volume in service.get("volumes", []):
        source = volume.split(":")[0]
        assert (ROOT / source).exists() if source.startswith(".") else source in COMPOSE["volumes"]
    command = service.get("command", [])
    if command[:2] == ["python", "-m"]:
        assert importlib.util.find_spec(command[2]) is not None
        if command[2] == "myk.stack.container":
            assert command[3] in container.ROLES


def test_everything_that_the_image_copies_exists() -> None:
    for line in DOCKERFILE.splitlines():
        words = line.split()
        if words[:1] == ["COPY"] and not words[1].startswith("--from"):
            for source in words[1:-1]:
                assert (ROOT / source).exists(), source


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_has_a_health_check(name: str) -> None:
    check = COMPOSE["services"][name]["healthcheck"]
    assert check.get("test") or (name == "setup" and check == {"disable": True})


def test_no_secret_stands_in_the_file() -> None:
    for service in COMPOSE["services"].values():
        for key, value in (service.get("environment") or {}).items():
            if re.search(r"PASSWORD|TOKEN|SECRET|KEY", key):
                assert re.fullmatch(r"\$\{\w+(:\?[^}]*)?\}", str(value)), key
            for password in re.findall(r"://[^:/]+:([^@]+)@", str(value)):
                assert password.startswith("${"), key
    example = (ROOT / ".env.example").read_text()
    for name in re.findall(r"\$\{(\w+):\?", (ROOT / "docker-compose.yml").read_text()):
        assert re.search(rf"^{name}=", example, re.MULTILINE), name


def test_nothing_runs_as_root() -> None:
    assert re.search(r"^USER myk$", DOCKERFILE, re.MULTILINE)
    # The official PostgreSQL image changes to its own user by itself.
    for name, service in COMPOSE["services"].items():
        built = "build" in service
        unprivileged = "unprivileged" in service.get("image", "")
        assert built or unprivileged or service.get("user") or name == "postgres", name


def test_a_wrong_role_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert container.main(["nonsense"]) == 2
    assert "web" in capsys.readouterr().err
