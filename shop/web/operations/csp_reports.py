"""Takes what browsers report of violations of our Content-Security-Policy, and logs it without anything personal.

Browsers send either kind: application/csp-report to `report-uri` (CSP level 2), application/reports+json to `report-to`
(the Reporting API). The policy names both: see headers.py.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import msgspec

from shop.errors import InvalidInput, NotFound
from shop.web.http.forms import read_body
from shop.web.http.reply import NO_STORE, Reply
from shop.web.http.request import ShopRequest

MOST = 20
"""Violations that one request may report."""
UNREADABLE = "This is no report of a violation."
_DIRECTIVE = re.compile(r"[a-z]{1,20}(-[a-z]{1,20}){0,3}")
_WORD = re.compile(r"[a-z-]{1,20}")
_HOST = re.compile(r"[A-Za-z0-9.:\[\]-]{1,100}")

log = logging.getLogger(__name__)


class Violation(msgspec.Struct, frozen=True):
    """A violation as CSP level 2 reports it, and as the Reporting API does."""

    old_directive: str = msgspec.field(default="", name="effective-directive")
    older_directive: str = msgspec.field(default="", name="violated-directive")
    old_blocked: str = msgspec.field(default="", name="blocked-uri")
    directive: str = msgspec.field(default="", name="effectiveDirective")
    blocked: str = msgspec.field(default="", name="blockedURL")

    def __str__(self) -> str:
        """'img-src refused https://cdn.example'."""
        directive = (self.directive or self.old_directive or self.older_directive).partition(" ")[0]
        known = directive if _DIRECTIVE.fullmatch(directive) else "an unknown directive"
        return f"{known} refused {origin_of_blocked(self.blocked or self.old_blocked)}"


class OldReport(msgspec.Struct, frozen=True):
    """The body of application/csp-report."""

    report: Violation = msgspec.field(name="csp-report")


class Report(msgspec.Struct, frozen=True):
    """One of the list in application/reports+json."""

    type: str
    body: Violation = Violation()


class CspReports:
    """Handles /csp-reports. Without CSP_REPORTS there is no such URL."""

    def __init__(self, *, is_on: bool) -> None:
        self._is_on = is_on

    async def take(self, request: ShopRequest) -> Reply:
        """POST /csp-reports. Raises NotFound if it is off, InvalidInput for what is no report."""
        if not self._is_on:
            raise NotFound("There is no such page.")
        for violation in violations(await read_body(request)):
            log.warning("Content-Security-Policy: %s", violation)
        return Reply(204, (NO_STORE,))


def violations(body: bytes) -> Iterator[Violation]:
    """The violations in a body of either kind, at most MOST. Raises InvalidInput."""
    try:
        if body.lstrip().startswith(b"["):
            reports = msgspec.json.decode(body, type=list[Report])[:MOST]
            yield from (report.body for report in reports if report.type == "csp-violation")
        else:
            yield msgspec.json.decode(body, type=OldReport).report
    except (msgspec.DecodeError, ValueError) as error:
        raise InvalidInput(UNREADABLE) from error


def origin_of_blocked(blocked: str) -> str:
    """The origin of what was blocked, or a word such as 'inline': its path may be personal."""
    if _WORD.fullmatch(blocked):
        return blocked
    try:
        parts = urlsplit(blocked)
    except ValueError:
        return "something"
    if not _WORD.fullmatch(parts.scheme):
        return "something"
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}" if _HOST.fullmatch(host) else f"{parts.scheme}:"
