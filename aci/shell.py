"""The shell: everything that no other command does."""

from typing import ClassVar

from pydantic import Field

from aci.command import Command, Observation
from aci.rendering import elided, harmless, plural, terminal_output
from aci.workspace import Workspace


class Bash(Command):
    """Run a shell command; the working directory carries over."""

    name: ClassVar[str] = "bash"

    command: str = Field(description="What to run, without interaction.")
    timeout: int | None = Field(default=None, description="Seconds it may take.")

    async def execute(self, workspace: Workspace) -> Observation:
        """Run it and show what it printed."""
        if not self.command.strip():
            return Observation(text="The command is empty.", failed=True)
        limits = workspace.limits
        seconds = limits.command_timeout if self.timeout is None else float(max(1, self.timeout))
        seconds = min(seconds, limits.command_timeout_cap)
        before = workspace.cwd
        result = await workspace.shell(self.command, seconds)
        output = terminal_output(result.output).rstrip("\n")
        parts = [elided(output, limits.observation)] if output.strip() else []
        if result.timed_out:
            longer = f" A longer timeout is possible, up to {limits.command_timeout_cap:g}."
            parts.append(
                f"(Stopped after {seconds:g} s{'' if output.strip() else ' without any output'}."
                f"{longer if seconds < limits.command_timeout_cap else ''})"
            )
        elif result.exit_code is None:
            parts.append("(The command was killed.)")
        elif result.exit_code != 0:
            parts.append(f"(exit code {result.exit_code}{'' if output.strip() else ', no output'})")
        elif not output.strip():
            parts.append("(The command succeeded and printed nothing.)")
        if result.note:
            parts.append(f"({harmless(result.note)})")
        if result.killed and not result.timed_out:
            parts.append(f"({plural(result.killed, 'background process')} stopped.)")
        if workspace.cwd != before:
            parts.append(f"(Working directory: {harmless(workspace.cwd)})")
        failed = result.timed_out or result.exit_code != 0
        return Observation(text="\n".join(parts), failed=failed, exit_code=result.exit_code)
