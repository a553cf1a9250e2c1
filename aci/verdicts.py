"""What tests say of one text of a file."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

Status = Literal["passed", "failed", "error", "timeout", "starved"]


class Trial(NamedTuple):
    """What the visible tests said of one text.

    Attributes:
        status: "error" when it does not compile or can't be imported, "timeout" when it used up its CPU time
            or waited without end, "starved" when the machine gave it hardly any CPU time.
        passed: The checks that passed: pytest node ids, unittest ids, `main.py:12` for an assertion of a
            script, `main.py::f:example1` for an example of a docstring.
        failed: Those that failed or were not reached; tests that were not run because others failed before
            them are in neither.
        message: The first failure in one line.
        behaviour: A bounded text of what each probe gave; () when there were no probes.
    """

    status: Status
    passed: tuple[str, ...]
    failed: tuple[str, ...]
    message: str
    behaviour: tuple[str, ...] = ()


class Seen(NamedTuple):
    """What the tests said of the file as it is, and where they went.

    Attributes:
        trial: Their verdict.
        checks: Every check there is, in order, where that can be told beforehand.
        lines: The lines of the file that each check ran, and how often.
        imported: The lines that run when the file is imported.
        last: The last lines that each check ran, in their order.
        seconds: CPU time it took, tracing included.
        values: What the variables of one function were, of each failed check: see `aci.tracing`.
    """

    trial: Trial
    checks: tuple[str, ...]
    lines: Mapping[str, Mapping[int, int]]
    imported: frozenset[int]
    last: Mapping[str, tuple[int, ...]]
    seconds: float
    values: Mapping[str, Any] = MappingProxyType({})
