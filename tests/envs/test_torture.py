"""The shell of a sandbox under torture: no command breaks it, and what a command says is told as it was.

Everything here runs in a container with the Python supervisor, in one that has nothing but busybox's `sh`,
and, where it would not harm this machine, without any isolation.
"""

import re

import pytest

from tests.envs.conftest import AnySandbox, Place
from tests.envs.torture import FAULTS, Fault

pytestmark = pytest.mark.asyncio(loop_scope="module")

CASES = [
    pytest.param(kind, fault, id=f"{kind}-{name}", marks=[pytest.mark.engine] if kind != "unsafe" else [])
    for kind in ("docker", "sh", "unsafe")
    for name, fault in FAULTS.items()
    if not (kind == "unsafe" and fault.harmful) and not (kind == "sh" and fault.not_in_sh)
]


async def test_there_are_more_cases_than_anyone_would_try_by_hand() -> None:
    assert len(FAULTS) >= 100


@pytest.mark.parametrize(("place", "fault"), CASES, indirect=["place"])
async def test_no_command_breaks_the_shell(place: Place, sandbox: AnySandbox, fault: Fault) -> None:
    # A plain `sleep` knows whole seconds only.
    seconds = 0.3 if fault.timed_out and place.kind != "sh" else fault.seconds
    result = await sandbox.run(fault.command, seconds)
    try:
        if isinstance(fault.exit_code, set):
            assert result.exit_code in fault.exit_code, result
        elif fault.exit_code is not None:
            assert result.exit_code == fault.exit_code, result
        if fault.timed_out:
            assert (result.timed_out, result.exit_code) == (True, None)
        assert re.fullmatch(fault.output, result.output), result.output[-500:]
        assert fault.size is None or result.output_bytes == fault.size
        assert fault.note in result.note
        assert fault.note or not result.note
        after = await sandbox.run("echo alive", 10)
        assert (after.output, after.exit_code, after.note) == ("alive\n", 0, "")
        assert place.is_empty()
    finally:
        if fault.spoils:
            await place.drop()
