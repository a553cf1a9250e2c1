"""Strategies by the names that `agent.toml` and `--strategy` give them."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from agent.strategies.base import Strategy


def _react() -> Strategy:
    from agent.strategies.react import React  # noqa: PLC0415

    return React(reflects=False)


def _reflexion() -> Strategy:
    from agent.strategies.react import React  # noqa: PLC0415

    return React(reflects=True)


def _single() -> Strategy:
    from agent.strategies.single import Single  # noqa: PLC0415

    return Single()


def _sample() -> Strategy:
    from agent.strategies.sample import Sample  # noqa: PLC0415

    return Sample(selects=False)


def _select() -> Strategy:
    from agent.strategies.sample import Sample  # noqa: PLC0415

    return Sample(selects=True)


def _repair() -> Strategy:
    from agent.strategies.repair import Repair  # noqa: PLC0415

    return Repair()


def _auto() -> Strategy:
    from agent.strategies.auto import Auto  # noqa: PLC0415

    return Auto()


STRATEGIES: Mapping[str, Callable[[], Strategy]] = MappingProxyType(
    {
        "react": _react,
        "react+reflexion": _reflexion,
        "single": _single,
        "sample": _sample,
        "sample+select": _select,
        "repair": _repair,
        "auto": _auto,
    }
)
"""Makes each strategy; what one needs is imported when it is chosen."""

SAMPLING = frozenset({"sample", "sample+select", "auto"})
"""Strategies that draw several answers to one prompt."""
