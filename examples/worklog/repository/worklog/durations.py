"""Spans of time: rounding, adding up and writing them."""

from collections.abc import Iterable
from datetime import timedelta

QUARTER = timedelta(minutes=15)


def round_up(span: timedelta, unit: timedelta = QUARTER) -> timedelta:
    """Round a span up to whole units."""
    units, rest = divmod(span, unit)
    return (units + 1) * unit if rest else units * unit


def total(spans: Iterable[timedelta]) -> timedelta:
    """Add spans up."""
    return sum(spans, timedelta())


def clock(span: timedelta) -> str:
    """Write a span as hours and minutes, such as 7:30."""
    minutes = int(span.total_seconds()) // 60
    return f"{minutes // 60}:{minutes % 60:02d}"


def decimal(span: timedelta) -> str:
    """Write a span as a number of hours with two decimals, for invoices."""
    minutes = int(span.total_seconds()) // 60
    return f"{minutes // 60}.{minutes % 60:02d}"
