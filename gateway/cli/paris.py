"""What people type and read of time is the time in Paris; what programs read (`--json`) is UTC."""

from datetime import datetime
from typing import Any, Final

import click

from gateway.clock import YEARS
from gateway.core.matter import PARIS


class Dated(click.DateTime):
    """A day or a time of a year that can be reckoned with."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """What was typed."""
        typed: datetime = super().convert(value, param, ctx)
        first, last = YEARS
        if not first <= typed.year <= last:
            self.fail(f"{value} is not in the range {first}-{last}.", param, ctx)
        return typed


class InParis(Dated):
    """A time, or the midnight that a day begins with."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """What was typed, as an instant."""
        typed: datetime = super().convert(value, param, ctx)
        return typed.replace(tzinfo=PARIS)


DAY: Final = InParis(["%Y-%m-%d"])
"""The midnight in Paris that a day begins with."""
DATE: Final = Dated(["%Y-%m-%d"])
"""A day by itself."""


def clock(told: str, *, minutes: bool = False) -> str:
    """An instant as `--json` tells it, to the second or the minute: `2026-03-02 13:00:00`."""
    at = datetime.fromisoformat(told).astimezone(PARIS)
    return f"{at:%Y-%m-%d %H:%M}" if minutes else f"{at:%Y-%m-%d %H:%M:%S}"


def date_of(told: str) -> str:
    """The day of an instant as `--json` tells it."""
    return f"{datetime.fromisoformat(told).astimezone(PARIS):%Y-%m-%d}"
