"""Findings: the results of checks on the shop and its servers."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Level(StrEnum):
    """The severity of a finding."""

    OK = "ok"
    NOTE = "note"
    WARNING = "warning"
    PROBLEM = "problem"


Figures = dict[str, float | str]
"""Name -> number or text, for monitoring: seconds, bytes, counts."""


class Finding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The result of one check: subject, level, a sentence and advice. Made by `ok`, `note`, `warning`, `problem`."""

    level: Level
    part: str
    """Settings, Orders, or the setting whose URL was checked, followed by the server if there are several."""
    about: str
    says: str
    advice: str = ""
    figures: Figures = {}
    """The numbers in `says`, for monitoring."""

    def __str__(self) -> str:
        """The finding as one log line."""
        return " ".join(filter(None, (f"{self.part}: {self.says}", self.advice)))


class Report(msgspec.Struct, frozen=True):
    """All findings, in the order of the checks."""

    findings: tuple[Finding, ...]

    @property
    def level(self) -> Level:
        """The level of the worst finding."""
        return max((finding.level for finding in self.findings), key=list(Level).index, default=Level.OK)

    @property
    def exit_status(self) -> int:
        """0: OK, or notes only; 1: warnings; 2: problems."""
        return {Level.WARNING: 1, Level.PROBLEM: 2}.get(self.level, 0)


def ok(part: str, about: str, says: str, **figures: float | str) -> Finding:
    """A finding: this works."""
    return Finding(level=Level.OK, part=part, about=about, says=says, figures=figures)


def note(part: str, about: str, says: str, advice: str = "", **figures: float | str) -> Finding:
    """A finding that is good to know; nothing has to be done."""
    return Finding(level=Level.NOTE, part=part, about=about, says=says, advice=advice, figures=figures)


def warning(part: str, about: str, says: str, advice: str, **figures: float | str) -> Finding:
    """A finding: this works now, but may fail later."""
    return Finding(level=Level.WARNING, part=part, about=about, says=says, advice=advice, figures=figures)


def problem(part: str, about: str, says: str, advice: str = "", **figures: float | str) -> Finding:
    """A finding: this does not work, or carts are being lost."""
    return Finding(level=Level.PROBLEM, part=part, about=about, says=says, advice=advice, figures=figures)


def counted(number: float, thing: str) -> str:
    """A number with its noun: '1 replica', '2 replicas'."""
    return f"{number:,.0f} {thing}{'' if number == 1 else 's'}"
