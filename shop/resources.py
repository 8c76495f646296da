"""Locates the files that are not Python: templates, static files, migrations."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

PACKAGE = Path(__file__).parent


def resource_dir(name: Literal["templates", "static", "migrations"]) -> Path:
    """The folder with this name: inside the package if installed from a wheel, else beside it in a checkout."""
    installed = PACKAGE / "_resources" / name
    return installed if installed.is_dir() else PACKAGE.parent / name
