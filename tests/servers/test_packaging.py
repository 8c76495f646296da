"""The wheel is all it takes: built, installed and started in an empty folder, it serves the shop."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
import urllib.request
import venv
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin
from zipfile import ZipFile

import pytest

import shop
from tests.fixtures.shop_process import ShopProcess

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with the wheel in it, that borrows the other packages from this one."""
    home = tmp_path_factory.mktemp("venv")
    venv.create(home, symlinks=True)
    install = [sys.executable, "-m", "pip", "--python", str(home), "install", "--no-index", "--no-deps", str(wheel)]
    subprocess.run(install, check=True, capture_output=True)
    # Only the folder: .pth files in it, such as the one of this checkout, are not followed.
    packages = sysconfig.get_path("purelib", vars={"base": str(home), "platbase": str(home)})
    Path(packages, "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return home


@pytest.fixture(scope="module")
def address(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where `shop run`, started in an empty folder and told nothing but a port, serves."""
    server = ShopProcess(tmp_path_factory.mktemp("log"))
    server.command = (str(installed / "bin/shop"), "run")
    server.cwd = tmp_path_factory.mktemp("empty")
    server.environ = {"PATH": os.environ["PATH"], "PORT": str(server.port)}
    server.start()
    yield f"{server.url}/"
    server.stop()


def get(url: str) -> tuple[str, str]:
    """The media type and the text of an answer; raises OSError for any that is not a success."""
    with urllib.request.urlopen(url, timeout=10) as response:
        return response.headers.get_content_type(), response.read().decode()


def test_wheel_carries_what_the_shop_reads_and_nothing_else(wheel: Path) -> None:
    names = ZipFile(wheel).namelist()
    folders = {name.split("/")[0] for name in names}
    assert folders == {"shop", f"shop-{shop.__version__}.dist-info"}
    carried = {str(Path(name).relative_to("shop/_resources")) for name in names if name.startswith("shop/_resources/")}
    tracked = subprocess.run(
        ["git", "ls-files", "templates", "static", "migrations"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.split("\n")
    assert carried >= set(filter(None, tracked))
    assert {"shop/cart/redis/cart.lua", "shop/catalog/demo/catalog.csv", "shop/catalog/demo/rates.json"} <= set(names)
    assert not [name for name in names if "__pycache__" in name or name.endswith(".pyc")]


def test_the_installed_package_is_the_wheel(installed: Path) -> None:
    where = "import shop.resources as it; print(it.__file__, it.resource_dir('templates'))"
    done = subprocess.run(
        [str(installed / "bin/python"), "-c", where], cwd="/", check=True, capture_output=True, text=True
    )
    assert all(Path(path).is_relative_to(installed) for path in done.stdout.split())


def test_serves_pages_and_static_files_from_an_empty_folder(address: str) -> None:
    kind, page = get(address)
    assert kind == "text/html"
    assert page.count("/product/") >= 12
    styles = re.findall(r'<link rel="stylesheet" href="([^"]+)"', page)
    scripts = re.findall(r'<script [^>]*src="([^"]+)"', page)
    assert styles
    assert scripts
    assert {get(urljoin(address, url))[0] for url in styles} == {"text/css"}
    assert {get(urljoin(address, url))[0] for url in scripts} == {"text/javascript"}


def test_command_says_what_it_can_do(installed: Path) -> None:
    done = subprocess.run([str(installed / "bin/shop"), "--help"], check=True, capture_output=True, text=True)
    assert "run" in done.stdout
    assert "catalog" in done.stdout
