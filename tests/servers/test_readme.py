"""The Python in the documents runs as it stands there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

README = Path(__file__).parents[2] / "README.md"
URL = "redis://127.0.0.1:6379/0"
SAMPLES = re.findall(r"^```python\n(.*?)^```", README.read_text(), re.DOTALL | re.MULTILINE)


def run(sample: str) -> str:
    done = subprocess.run([sys.executable, "-c", sample], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("sample", SAMPLES)
def test_cart_sample_keeps_a_cart_in_redis(sample: str, valkey_url: str) -> None:
    assert URL in sample
    assert run(sample.replace(URL, f"{valkey_url}/0")) == "3 TIDE-MUG-MOSS €57.00\n"


@pytest.mark.parametrize("sample", SAMPLES)
def test_cart_sample_keeps_a_cart_in_memory(sample: str) -> None:
    assert run(sample.replace(f'redis_url="{URL}"', "")) == "3 TIDE-MUG-MOSS €57.00\n"


def test_there_is_a_sample() -> None:
    assert SAMPLES
