"""ISO weeks: naming them and telling what lies in them."""

import re
from datetime import date, timedelta

NAME = re.compile(r"(\d{4})-W(\d{2})$")


def week_of(day: date) -> str:
    """Return the ISO week of a day, such as 2024-W10."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02d}"


def bounds(name: str) -> tuple[date, date]:
    """Return the Monday and the Sunday of a week."""
    match = NAME.match(name)
    if match is None:
        raise ValueError(f"expected a week such as 2024-W10, got {name!r}")
    monday = date.fromisocalendar(int(match[1]), int(match[2]), 1)
    return monday, monday + timedelta(days=6)


def in_week(day: date, name: str) -> bool:
    """Say whether a day lies in a week, its Sunday included."""
    monday, sunday = bounds(name)
    return monday <= day <= sunday
