"""What a look at the shop and its stores has found."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Level(StrEnum):
    """How much a finding matters."""

    OK = "ok"
    NOTE = "note"
    WARNING = "warning"
    PROBLEM = "problem"


Figures = dict[str, float | str]
"""Numbers by their names: seconds, bytes, counts."""


class Finding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that was looked at: what it is, how well, and what to do."""

    level: Level
    part: str
    """Settings, Database, or the setting whose URL names a store, with the server where there are several."""
    about: str
    says: str
    advice: str = ""
    figures: Figures = {}
    """The same for monitors."""

    def __str__(self) -> str:
        """One line for a log."""
        return " ".join(filter(None, (f"{self.part}: {self.says}", self.advice)))


class Report(msgspec.Struct, frozen=True):
    """Everything that was found, in the order of looking."""

    findings: tuple[Finding, ...]

    @property
    def level(self) -> Level:
        """That of the worst finding."""
        return max((finding.level for finding in self.findings), key=list(Level).index, default=Level.OK)

    @property
    def exit_status(self) -> int:
        """0: all well, or notes only; 1: warnings; 2: problems."""
        return {Level.WARNING: 1, Level.PROBLEM: 2}.get(self.level, 0)


def ok(part: str, about: str, says: str, **figures: float | str) -> Finding:
    """All is well with it."""
    return Finding(level=Level.OK, part=part, about=about, says=says, figures=figures)


def note(part: str, about: str, says: str, advice: str = "", **figures: float | str) -> Finding:
    """Good to know; nothing has to be done."""
    return Finding(level=Level.NOTE, part=part, about=about, says=says, advice=advice, figures=figures)


def warning(part: str, about: str, says: str, advice: str, **figures: float | str) -> Finding:
    """It works now, and may not always."""
    return Finding(level=Level.WARNING, part=part, about=about, says=says, advice=advice, figures=figures)


def problem(part: str, about: str, says: str, advice: str = "", **figures: float | str) -> Finding:
    """It does not work, or carts are being lost."""
    return Finding(level=Level.PROBLEM, part=part, about=about, says=says, advice=advice, figures=figures)


def counted(number: float, thing: str) -> str:
    """1 replica, 2 replicas."""
    return f"{number:,.0f} {thing}{'' if number == 1 else 's'}"
