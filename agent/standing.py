"""Several actions of one answer: which of them still stand on the ground that they were written for."""

from aci.command import Command, Observation
from aci.formats.kinds import kind_of

_LOOKS = frozenset(
    {
        "find_file", "search_dir", "search_file", "find_symbol", "outline", "open", "goto", "scroll_up",
        "scroll_down", "run_tests", "suspects", "trace_function", "propose_fixes", "diff",
    }
)  # fmt: skip
"""Commands whose failure leaves everything as it was; of all others the next action may need the success."""


class Standing:
    """Says after each action whether the next one of the same answer may run.

    The model wrote all of them before it saw the first result. A look that failed harms no other. But after
    a failed change or shell command the rest would act on a state that is not there, and after a change the
    lines of its file have other numbers than the model knew.
    """

    def __init__(self) -> None:
        self._failed = ""
        self._changed: set[str] = set()

    def note(self, command: Command, observation: Observation, *, taken_back: bool) -> None:
        """Remember what an action did, and whether the change that it made was taken back."""
        if taken_back:
            self._failed = command.name
        if observation.failed and command.name not in _LOOKS:
            self._failed = command.name
        self._changed.update(observation.changed)

    def objection(self, command: Command) -> str:
        """Return why a command is not to be run, or ""."""
        if self._failed:
            return f"the `{self._failed}` before it failed or was taken back"
        path = getattr(command, "path", "")
        if command.name in _LOOKS or path not in self._changed:
            return ""
        fields = type(command).model_fields
        if any(kind_of(field).name == "whole" for field in fields.values()):
            return f"the lines of {path} have other numbers since the change before it; look at them first"
        return ""
