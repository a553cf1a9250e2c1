"""Looking into a function while a failing test runs it."""

from typing import ClassVar

from pydantic import Field

from aci.blocks import python_function
from aci.command import Command, Observation
from aci.rendering import name
from aci.tracing import render_trace, trace_function
from aci.viewing import Refused, read_text
from aci.workspace import Workspace


class TraceFunction(Command):
    """Show the values in a Python function, block by block, while a failing test runs it."""

    name: ClassVar[str] = "trace_function"

    path: str = Field(description="File that defines the function.")
    symbol: str = Field(description="Function to look into, e.g. `total` or `Cart.total`.")
    test: str = Field(default="", description="Failing test that runs it; any that fails when empty.")

    async def execute(self, workspace: Workspace) -> Observation:
        """Run the tests once with the function watched."""
        try:
            file = await read_text(workspace, self.path)
        except Refused as refusal:
            return Observation(text=str(refusal), failed=True)
        if not file.path.endswith(".py"):
            text = "Only Python functions can be looked into. Print values with `bash` instead."
            return Observation(text=text, failed=True)
        text = file.document.text
        if python_function(text, self.symbol) is None:
            text = f"{name(file.path)} has no single function {self.symbol}. `outline` shows what it has."
            return Observation(text=text, failed=True)
        tests = [self.test] if self.test else ()
        trace = await trace_function(workspace, file.path, self.symbol, tests=tests)
        if trace is None:
            which = self.test or "No failing test"
            said = "does not fail in" if self.test else "runs"
            return Observation(text=f"{which} {said} {self.symbol}. Use `run_tests`.", failed=True)
        return Observation(text=render_trace(trace, text))
