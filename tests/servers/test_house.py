"""The make targets, the locks, the container files and the documents are consistent."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest

import shop
from shop.cart.connect import connect
from shop.settings import Settings

ROOT = Path(__file__).parents[2]
LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-build.lock")
SETTINGS = {name.upper() for name in Settings.__struct_fields__}


def names_in_env_example() -> set[str]:
    return set(re.findall(r"^#([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))


def executable(path: Path, script: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def pins(lock: str) -> dict[str, str]:
    """Package -> version and marker pinned in a lock."""
    return dict(re.findall(r"^([\w.-]+)==(.*?) \\$", (ROOT / lock).read_text(), re.MULTILINE))


class TestMake:
    def test_lists_its_targets_and_can_make_each(self) -> None:
        listing = subprocess.run(["make"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
        targets = re.findall(r"^  make ([\w-]+) +\w", listing, re.MULTILINE)
        assert {"run", "test", "check", "format", "bench", "lock", "clean"} <= set(targets)
        subprocess.run(["make", "--dry-run", *targets], cwd=ROOT, check=True, capture_output=True)

    def test_is_described_to_developers(self) -> None:
        listing = subprocess.run(["make"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
        for target in re.findall(r"^  make ([\w-]+)", listing, re.MULTILINE):
            assert target == "help" or f"| `make {target}` |" in (ROOT / "DEVELOPERS.md").read_text()


class TestSetup:
    """bin/setup in a copy of the repository with a fake Python and .venv."""

    @pytest.fixture
    def checkout(self, tmp_path: Path) -> Path:
        checkout = tmp_path / "a folder with spaces"
        (checkout / "bin").mkdir(parents=True)
        shutil.copy(ROOT / "bin/setup", checkout / "bin")
        for lock in LOCKS:
            shutil.copy(ROOT / lock, checkout)
        return checkout

    def run(self, checkout: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        path = f"{checkout / 'path'}:/usr/bin:/bin"
        command = [str(checkout / "bin/setup"), *arguments]
        return subprocess.run(command, env={"PATH": path}, capture_output=True, text=True, check=False)

    def installed(self, checkout: Path) -> list[str]:
        log = checkout / "pip.log"
        return log.read_text().splitlines() if log.exists() else []

    def with_venv(self, checkout: Path, *locks: str) -> None:
        executable(checkout / ".venv/bin/shop", "")
        executable(checkout / ".venv/bin/python", f'case $* in *install*) echo "$*" >>"{checkout}/pip.log";; esac')
        (checkout / ".venv/home").write_text(f"{checkout}\n")
        for lock in locks:
            shutil.copy(checkout / lock, checkout / ".venv")

    def test_does_nothing_where_the_locks_are_installed(self, checkout: Path) -> None:
        self.with_venv(checkout, "requirements.lock", "requirements-build.lock")
        done = self.run(checkout)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        assert self.installed(checkout) == []

    def test_installs_by_hash_when_a_lock_changed_and_only_then(self, checkout: Path) -> None:
        self.with_venv(checkout, *LOCKS)
        with (checkout / "requirements-dev.lock").open("a") as lock:
            lock.write("# changed\n")
        assert self.run(checkout).returncode == 0
        assert self.installed(checkout) == []
        assert self.run(checkout, "dev").returncode == 0
        packages, project = self.installed(checkout)
        assert "--require-hashes" in packages
        assert all(f"-r {lock}" in packages for lock in LOCKS)
        assert project.endswith("--editable .")
        assert self.run(checkout, "dev").stderr == ""
        assert len(self.installed(checkout)) == 2

    def test_makes_a_moved_venv_anew(self, checkout: Path) -> None:
        self.with_venv(checkout, *LOCKS)
        (checkout / ".venv/home").write_text("/elsewhere\n")
        log = f'echo "$*" >>"{checkout}/venv.log"'
        executable(checkout / "path/python3", f'case $* in *sys.executable*) echo "$0";; *venv*) {log};; esac')
        assert self.run(checkout).returncode == 0
        assert "-m venv --clear .venv\n" in (checkout / "venv.log").read_text()

    def test_makes_another_folder_ready(self, checkout: Path) -> None:
        log = f'echo "$*" >>"{checkout}/venv.log"; mkdir -p "$4/bin"; cp "$0" "$4/bin/python"'
        executable(checkout / "path/python3", f'case $* in *sys.executable*) echo "$0";; *"-m venv"*) {log};; esac')
        assert self.run(checkout, "dev", ".venv-3.13").returncode == 0
        assert (checkout / "venv.log").read_text() == "-m venv --clear .venv-3.13\n"
        assert (checkout / ".venv-3.13/home").read_text() == f"{checkout}\n"
        assert not (checkout / ".venv").exists()

    def test_says_so_where_no_python_is_new_enough(self, checkout: Path) -> None:
        for name in ("python", "python3", *(f"python3.{minor}" for minor in range(11, 15))):
            executable(checkout / "path" / name, 'case $* in *--version*) echo "Python 3.9.2";; *) exit 1;; esac')
        done = self.run(checkout)
        assert done.returncode == 1
        assert "needs Python 3.11 or later" in done.stderr
        assert "Python 3.9.2" in done.stderr

    def test_says_so_where_venv_is_missing(self, checkout: Path) -> None:
        says = 'case $* in *sys.executable*) echo "$0";; *ensurepip*) exit 1;; esac'
        executable(checkout / "path/python3", says)
        done = self.run(checkout)
        assert done.returncode == 1
        assert "apt install python3-venv" in done.stderr


class TestOtherPythons:
    """bin/other-pythons, with stand-ins for the Pythons of the machine."""

    def listed(self, folder: Path, **others: str) -> list[str]:
        """What it prints where these Pythons are on the PATH; each is what it says when it is run."""
        (folder / "bin").mkdir()
        shutil.copy(ROOT / "bin/other-pythons", folder / "bin")
        executable(folder / ".venv/bin/python", "echo 3.11")
        for name, script in others.items():
            executable(folder / "path" / name.replace("_", "."), script)
        executable(folder / "pyenv/versions/3.14.2/bin/python", "echo 3.14")
        environ = {"PATH": f"{folder / 'path'}:/usr/bin:/bin", "PYENV_ROOT": str(folder / "pyenv")}
        done = subprocess.run([folder / "bin/other-pythons"], env=environ, capture_output=True, text=True, check=True)
        return done.stdout.splitlines()

    def test_it_lists_those_that_run(self, tmp_path: Path) -> None:
        listed = self.listed(tmp_path, python3_11="echo 3.11", python3_12="echo 3.12", python3_13="exit 127")
        assert listed[0] == f"3.12 {tmp_path / 'path/python3.12'}"
        assert listed[-1] == f"3.14 {tmp_path / 'pyenv/versions/3.14.2/bin/python'}"
        assert not [line for line in listed if line.startswith("3.13 ") and str(tmp_path) in line]


class TestLocks:
    @pytest.mark.parametrize("lock", LOCKS)
    def test_pin_every_package_by_hash_and_name_no_address(self, lock: str) -> None:
        text = (ROOT / lock).read_text()
        assert "://" not in text
        assert not re.search(r"^--", text, re.MULTILINE)
        packages = re.split(r"^(?=\w)", text, flags=re.MULTILINE)[1:]
        assert packages
        assert all(re.match(r"[\w.-]+==\S+.*\\\n    --hash=sha256:[0-9a-f]{64}", package) for package in packages)

    def test_locks_agree_with_each_other(self) -> None:
        everything = pins("requirements-dev.lock")
        for lock in ("requirements.lock", "requirements-build.lock"):
            assert pins(lock).items() <= everything.items()

    def test_locks_have_every_dependency(self) -> None:
        project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
        asked = {re.split(r"[\[<>=; ]", requirement)[0] for requirement in project["dependencies"]}
        assert asked <= pins("requirements.lock").keys()


def shops_of(services: dict[str, Any]) -> dict[str, Any]:
    """The services of compose.yaml that are a shop, by name."""
    shops = {name: service for name, service in services.items() if service.get("build") == "."}
    assert shops
    return shops


class TestContainers:
    @pytest.fixture
    def compose(self) -> Any:
        return msgspec.yaml.decode((ROOT / "compose.yaml").read_bytes())

    @pytest.fixture
    def services(self, compose: Any) -> dict[str, Any]:
        return dict(compose["services"])

    def test_images_are_pinned_to_a_version(self, services: dict[str, Any]) -> None:
        images = {service["image"] for service in services.values() if "image" in service}
        images |= set(re.findall(r"^FROM (\S+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE))
        assert images
        inline = [service["build"] for service in services.values() if isinstance(service.get("build"), dict)]
        images |= {found for build in inline for found in re.findall(r"^FROM (\S+)", build["dockerfile_inline"])}
        assert all(re.search(r":v?\d+\.\d+", image) for image in images)

    def test_each_rung_has_a_profile_with_a_shop(self, services: dict[str, Any]) -> None:
        profiles = {profile for service in services.values() for profile in service.get("profiles", ())}
        assert profiles == {"sentinel", "cluster", "hybrid", "pgbouncer", "proxy", "monitoring"}
        rungs = profiles - {"proxy", "monitoring"}
        assert all(services[f"shop-{profile}"]["profiles"] == [profile] for profile in rungs)
        assert {name for name in services if "profiles" not in services[name]} >= {"postgres", "redis", "shop"}
        ports = [port for service in services.values() for port in service.get("ports", ())]
        assert len(ports) == len(set(ports)), "all profiles can be open at once"
        shops = set(shops_of(services)) - {"shop-2"}
        assert {name for name in services if "ports" in services[name]} == shops | {"proxy", "prometheus", "grafana"}

    def test_a_service_waits_for_services_of_its_own_profile(self, services: dict[str, Any]) -> None:
        for service in services.values():
            for other, wait in service.get("depends_on", {}).items():
                assert services[other].get("profiles", service.get("profiles")) == service.get("profiles")
                once = services[other]["restart"] == "on-failure"
                assert wait["condition"] == ("service_completed_successfully" if once else "service_healthy")

    def test_services_are_unprivileged_read_only_bounded_and_watched(self, services: dict[str, Any]) -> None:
        image_has_healthcheck = "\nHEALTHCHECK " in (ROOT / "Dockerfile").read_text()
        for service in services.values():
            assert service["read_only"] is True
            assert service["cap_drop"] == ["ALL"]
            assert "no-new-privileges:true" in service["security_opt"]
            assert service["mem_limit"]
            assert service["pids_limit"]
            assert service["restart"] in ("unless-stopped", "on-failure")
            assert "healthcheck" in service or (service.get("build") == "." and image_has_healthcheck)
        outside = {name for name in services if "default" in services[name]["networks"]}
        assert outside == {*shops_of(services), "proxy", "prometheus", "grafana"}
        assert {name for name in services if "stores" not in services[name]["networks"]} == {"proxy"}
        public = [port for name in services.keys() - {"proxy"} for port in services[name].get("ports", ())]
        assert all(port.startswith("127.0.0.1:") for port in public)
        assert [name for name in services if "cap_add" in services[name]] == ["proxy"]

    def test_a_shop_is_given_time_for_a_payment(self, services: dict[str, Any]) -> None:
        for service in shops_of(services).values():
            seconds = int(service["stop_grace_period"].removesuffix("s"))
            assert seconds > Settings().drain_seconds + Settings().payment_seconds + 2

    def test_mounted_files_exist_and_targets_are_services(self, services: dict[str, Any]) -> None:
        mounted = [v.partition(":")[0] for service in services.values() for v in service.get("volumes", ())]
        files = {name for name in mounted if name.startswith("./deploy/")}
        assert len(files) >= 4
        assert all((ROOT / file).exists() for file in files)
        scraped = re.findall(r'"([\w-]+):\d+"', (ROOT / "deploy/prometheus.yml").read_text())
        source = (ROOT / "deploy/grafana/provisioning/datasources/prometheus.yml").read_text()
        shops = services["proxy"]["environment"]["SHOPS"].split()
        asked = {*scraped, *re.findall(r"http://([\w-]+):", source), *(shop.partition(":")[0] for shop in shops)}
        assert asked <= services.keys()

    def test_stores_are_not_reached_from_outside(self, compose: Any) -> None:
        assert compose["networks"]["stores"]["internal"] is True

    def test_no_password_has_a_default(self) -> None:
        text = (ROOT / "compose.yaml").read_text()
        assert set(re.findall(r"\$\{(\w+PASSWORD)", text)) == {
            *("REDIS_PASSWORD", "POSTGRES_PASSWORD", "GRAFANA_PASSWORD")
        }
        assert not re.search(r"\$\{\w+PASSWORD:?-[^}]", text)
        assert all(f"${{{name}:?" in text for name in ("REDIS_PASSWORD", "POSTGRES_PASSWORD"))

    def test_redis_never_drops_a_cart_for_want_of_memory(self, services: dict[str, Any]) -> None:
        servers = {name: " ".join(service.get("command", ())) for name, service in services.items()}
        servers = {name: command for name, command in servers.items() if "redis-server" in command}
        assert {"redis", "redis-1", "cluster-1"} <= servers.keys()
        for name, command in servers.items():
            assert "--maxmemory-policy noeviction" in command
            assert "--appendonly yes" in command
            assert "--requirepass" in command
            assert services[name]["volumes"] == [f"{name}:/data"]

    def test_every_volume_is_used_and_declared(self, compose: Any) -> None:
        used = [volume.partition(":")[0] for s in compose["services"].values() for volume in s.get("volumes", ())]
        used = [volume for volume in used if not volume.startswith(".")]
        assert sorted(used) == sorted(compose["volumes"])

    @pytest.mark.parametrize("name", ["redis", "redis-1", "sentinel-1", "cluster-1", "cluster-form", "pgbouncer"])
    def test_commands_are_shell_that_can_be_read(self, services: dict[str, Any], name: str) -> None:
        shell, flags, script = services[name]["command"]
        assert (shell, flags) == ("sh", "-euc")
        assert "$" not in script.replace("$$", ""), "Compose itself would fill it in"
        subprocess.run([shell, "-n", "-c", script.replace("$$", "$")], check=True)

    def test_the_shops_are_given_settings_that_they_know(self, services: dict[str, Any]) -> None:
        for service in shops_of(services).values():
            assert service["environment"].keys() <= SETTINGS
        assert set(re.findall(r"(?<!\$)\$\{([A-Z_]+)", (ROOT / "compose.yaml").read_text())) <= names_in_env_example()

    def test_every_setting_of_env_reaches_the_shops(self, services: dict[str, Any]) -> None:
        own = {"REDIS_URL", "DATABASE_URL", "HOST", "PORT", "CART_ARCHIVE"}
        for service in shops_of(services).values():
            assert service["env_file"] == [{"path": ".env", "required": False}]
            fixed = {name for name, value in service["environment"].items() if f"${{{name}:-" not in value}
            assert fixed <= own
            assert "./config:/config:ro" in service["volumes"]

    def test_the_shops_urls_are_ones_that_it_reads(self, services: dict[str, Any]) -> None:
        filled = {"REDIS_PASSWORD": "redis-word", "POSTGRES_PASSWORD": "sql-word"}
        urls = {service["environment"]["REDIS_URL"] for service in shops_of(services).values()}
        assert {url.partition("://")[0] for url in urls} == {"redis", "redis+sentinel", "redis+cluster"}
        for url in urls:
            read = re.sub(r"\$\{(\w+)}", lambda name: filled[name[1]], url)
            connect(Settings(redis_url=read))
            assert {re.split(r"[:@/]", host)[0] for host in read.rpartition("@")[2].split(",")} <= services.keys()

    def test_the_image_runs_as_a_numbered_user(self) -> None:
        final = (ROOT / "Dockerfile").read_text().rpartition("\nFROM ")[2]
        assert re.search(r"^USER [1-9]\d*:[1-9]\d*$", final, re.MULTILINE)
        assert final.rstrip().endswith('CMD ["shop", "run"]')


class TestDocuments:
    def test_every_setting_is_explained(self) -> None:
        page = (ROOT / "docs/configure.md").read_text()
        assert {name for name in SETTINGS if f"`{name}`" in page} == SETTINGS
        assert names_in_env_example() >= SETTINGS

    def test_the_env_example_shows_the_defaults(self, tmp_path: Path) -> None:
        lines = re.findall(r"^#([A-Z_]+=.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE)
        (tmp_path / ".env").write_text("\n".join(line for line in lines if not re.match("(REDIS|DATABASE)_URL=", line)))
        assert len(lines) > len(SETTINGS)
        assert Settings.from_env({}, tmp_path / ".env") == Settings()

    def test_the_changelog_knows_the_version(self) -> None:
        assert f"\n## [{shop.__version__}]" in (ROOT / "CHANGELOG.md").read_text()

    def test_developers_are_sent_to_files_that_exist(self) -> None:
        named = set(
            re.findall(r"`((?:shop|templates|static|migrations|tests)/[\w/.]*)", (ROOT / "DEVELOPERS.md").read_text())
        )
        assert named
        assert {path for path in named if not (ROOT / path).exists()} == set()

    @pytest.mark.parametrize("folder", ["docs", "docs/decisions"])
    def test_every_document_is_in_its_index(self, folder: str) -> None:
        index = ROOT / folder / "README.md"
        notes = {note.name for note in index.parent.glob("*.md")} - {index.name}
        assert {note for note in notes if f"]({note})" not in index.read_text()} == set()

    def test_dead_links_are_found(self, tmp_path: Path) -> None:
        (tmp_path / "there.md").write_text("# Über uns & mehr\n```\n# not a heading\n```\n## Twice\n## Twice\n")
        (tmp_path / "page.md").write_text(
            "[a](there.md) [b](there.md#über-uns--mehr) [c](there.md#twice-1) [d](https://example.com) `[e](gone.md)`\n"
            "[f](gone.md)\n[g](there.md#not-a-heading)\n![h](gone.png)\n[i](../outside.md)\n"
        )
        subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
        check = [sys.executable, str(ROOT / "bin/check_links.py"), str(tmp_path)]
        done = subprocess.run(check, capture_output=True, text=True, check=False)
        assert done.returncode == 1
        assert [line.partition(" ")[0] for line in done.stdout.splitlines()] == [f"page.md:{n}:" for n in (2, 3, 4, 5)]
