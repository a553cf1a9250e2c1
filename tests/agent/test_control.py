"""Requests to stop."""

import asyncio
import os
import signal

import pytest

from agent.control import Control, signals_stop
from trajectories.errors import Interrupted, Terminated
from trajectories.events import ActionStarted, SandboxStarted, TestsReported


async def forever() -> None:
    await asyncio.Event().wait()


async def test_a_step_in_flight_is_cancelled_and_the_reason_raised() -> None:
    control = Control()
    asyncio.get_running_loop().call_soon(control.stop, Interrupted("Enough."))
    with pytest.raises(Interrupted, match="Enough"):
        await control.guard(forever())


async def test_no_step_begins_after_a_request_to_stop() -> None:
    control = Control()
    control.stop(Interrupted("Enough."))
    with pytest.raises(Interrupted):
        await control.guard(forever())
    with pytest.raises(Interrupted):
        control.check()


async def test_the_first_reason_to_stop_counts() -> None:
    control = Control()
    control.stop(Terminated("First."))
    control.stop(Interrupted("Second."))
    with pytest.raises(Terminated, match="First"):
        control.check()


async def test_what_a_step_returns_and_raises_passes_through() -> None:
    async def good() -> int:
        return 3

    async def bad() -> int:
        raise KeyError("own")

    control = Control()
    control.check()
    assert await control.guard(good()) == 3
    with pytest.raises(KeyError, match="own"):
        await control.guard(bad())


async def test_a_cancellation_that_nobody_asked_the_control_for_stays_one() -> None:
    task = asyncio.create_task(Control().guard(forever()))
    asyncio.get_running_loop().call_soon(task.cancel)
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize(("number", "error"), [(signal.SIGINT, Interrupted), (signal.SIGTERM, Terminated)])
async def test_a_signal_stops_the_step_and_its_handler_goes_away(number: int, error: type) -> None:
    before = signal.getsignal(number)
    control = Control()
    with signals_stop(control):
        asyncio.get_running_loop().call_soon(os.kill, os.getpid(), number)
        with pytest.raises(error):
            await control.guard(forever())
    assert signal.getsignal(number) in {before, signal.default_int_handler, signal.SIG_DFL}


async def test_a_second_signal_does_not_wait_for_a_clean_stop() -> None:
    async def stubborn() -> None:
        with signals_stop(Control()):
            for _ in range(2):
                os.kill(os.getpid(), signal.SIGINT)
            await forever()

    with pytest.raises(asyncio.CancelledError):
        await asyncio.create_task(stubborn())


async def test_a_stop_during_a_command_keeps_the_patch_and_judges_nothing(run, broken, do, fix) -> None:
    control = Control()

    def watch(event: object) -> None:
        if isinstance(event, ActionStarted) and event.command == "bash":
            asyncio.get_running_loop().call_soon(control.stop, Interrupted("Interrupted by Ctrl-C."))

    script = [fix, do("bash", command="tail -f /dev/null")]
    done = await run(broken, script, {"tests": {"after_edit": False}}, control=control, observer=watch)
    assert (done.result.status, done.result.exit_status) == ("interrupted", 130)
    assert done.result.reason == "Interrupted by Ctrl-C."
    assert "+    return a + b" in done.result.patch
    assert [event.origin for event in done.of(TestsReported)] == ["base"]


async def test_a_stop_while_the_patch_is_judged_keeps_the_patch(run, broken, do, fix) -> None:
    control = Control()

    def watch(event: object) -> None:
        if isinstance(event, TestsReported) and event.origin == "action":
            control.stop(Terminated("Terminated by SIGTERM."))

    done = await run(broken, [fix], control=control, observer=watch)
    assert done.result.exit_status == 143
    assert "+    return a + b" in done.result.patch


async def test_a_stop_before_the_first_sandbox_is_a_result_without_a_patch(run, untested) -> None:
    control = Control()
    done = await run(
        untested,
        [],
        control=control,
        observer=lambda event: (
            control.stop(Interrupted("Now.")) if type(event).__name__ == "AttemptStarted" else None
        ),
    )
    assert (done.result.exit_status, done.result.patch, done.result.attempts) == (130, "", 0)
    assert not done.of(SandboxStarted)
