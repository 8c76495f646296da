from __future__ import annotations

import pytest

from shop.errors import ConfigurationError
from shop.loadtest.plan import refuse_other_machines


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000", "http://localhost", "https://[::1]:8443", "http://127.8.9.1"])
def test_this_machine_may_be_tested(url: str) -> None:
    refuse_other_machines(url)


@pytest.mark.parametrize("url", ["http://192.0.2.1:8000", "http://8.8.8.8", "https://[2001:db8::1]", "http://0.0.0.0"])
def test_another_machine_may_not_be_tested(url: str) -> None:
    with pytest.raises(ConfigurationError, match="i-own-this-host"):
        refuse_other_machines(url)


@pytest.mark.parametrize("url", ["127.0.0.1:8000", "ftp://127.0.0.1", "http://", ""])
def test_what_is_no_address_is_told(url: str) -> None:
    with pytest.raises(ConfigurationError, match="Use a URL such as http"):
        refuse_other_machines(url)
