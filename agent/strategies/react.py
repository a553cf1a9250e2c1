"""ReAct: thought, action, observation, until the tests are green or a limit is hit.

After Yao et al., "ReAct: Synergizing Reasoning and Acting in Language Models" (arXiv 2210.03629).
"""

from aci.suspects import describe
from aci.testing import run_tests
from aci.undoing import Undo
from agent import prompts
from agent.evaluator import compare, wanted
from agent.loop import AfterChange, Ending, Loop
from agent.strategies.base import Desk
from trajectories.events import TestsReported
from trajectories.messages import Message


class React:
    """The loop over the ACI, alone or with a reflection after each failed attempt."""

    repeats = True

    def __init__(self, *, reflects: bool) -> None:
        self.reflects = reflects
        self.name = "react+reflexion" if reflects else "react"

    async def work(self, desk: Desk) -> Ending:
        """Tell the model of the task and let it act."""
        ground, workspace = desk.ground, desk.workspace
        small = ground.form.name == "staged"
        keep = ground.settings.tests.keep_edits
        takes_back = keep == "helpful" or (keep == "auto" and small)
        # A small model repeats a wrong body that it sees, and writes a right one from what it promises;
        # every second attempt shows it the bodies all the same, for faults that only they explain.
        bodies = not small or desk.number % 2 == 0
        system = prompts.SYSTEM.format(form=ground.form.instructions(ground.commands))
        tests = ground.baseline.text
        if suspects := await describe(workspace, ground.baseline.suspects, bodies=bodies):
            tests += f"\n{suspects}\n"
        first = prompts.statement(
            ground.task.statement, workspace.files, tests, desk.told.attempts, desk.told.tasks
        )
        desk.history.extend(Message(role="system", content=system), Message(role="user", content=first))
        after_edit = ground.settings.tests.after_edit
        loop = Loop(
            model=ground.model,
            form=ground.form,
            commands=ground.commands,
            workspace=workspace,
            history=desk.history,
            record=ground.record,
            sampling=desk.sampling,
            control=ground.control,
            budgets=ground.budgets,
            max_steps=ground.settings.limits.steps,
            meter=ground.meter,
            grammar=ground.capabilities.grammar,
            after_change=(lambda: _after_change(desk, takes_back=takes_back)) if after_edit else None,
        )
        return await loop.run()


async def _after_change(desk: Desk, *, takes_back: bool) -> AfterChange:
    """Run what failed at the base after a change, and the whole when all of that passes."""
    ground, workspace = desk.ground, desk.workspace
    base = ground.baseline.report
    if base is None or not base.failed or base.broken:
        return AfterChange("", satisfied=False)
    needed = wanted(base)
    report, text = await run_tests(workspace, needed)
    mended = [test for test in needed if report.passes(test)]
    if report.broken or len(mended) < len(needed):
        ground.record(TestsReported(origin="action", report=report))
        text = f"Tests after this change:\n{text}"
        if takes_back and workspace.changes and not mended:
            desk.vain.append(workspace.changes[-1].what)
            workspace.count_try(workspace.changes[-1].symbol)
            await Undo().execute(workspace)
            workspace.changed = bool(workspace.changes)
            text += "\n\nIt made no failing test pass, so the change was taken back. Try another."
            return AfterChange(text, satisfied=False, taken_back=True)
        return AfterChange(text, satisfied=False)
    report, text = await run_tests(workspace, ground.task.targets)
    ground.record(TestsReported(origin="action", report=report))
    return AfterChange(f"Tests after this change:\n{text}", satisfied=compare(base, report).resolved)
