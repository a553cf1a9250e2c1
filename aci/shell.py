"""The shell: everything that no other command does."""

from typing import ClassVar

from pydantic import Field

from aci.command import Command, Observation
from aci.rendering import elided, harmless, plural, terminal_output
from aci.workspace import Workspace
from envs.output import gap
from envs.sandbox import CommandResult


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
        output, cut = _shown(result, limits.observation)
        parts = [output] if output.strip() else []
        if result.timed_out:
            longer = f" A longer timeout is possible, up to {limits.command_timeout_cap:g}."
            if seconds >= limits.command_timeout_cap:
                longer = " No command may take longer."
            nothing = "" if parts else " without any output"
            parts.append(f"(Stopped after {seconds:g} s{nothing}.{longer})")
        elif result.exit_code is None:
            parts.append("(The command was killed.)")
        elif result.exit_code != 0:
            parts.append(f"(exit code {result.exit_code}{'' if parts else ', no output'})")
        elif not parts:
            parts.append("(The command succeeded and printed nothing.)")
        if cut and result.kept:
            workspace.outputs.append(result.kept)
            parts.append(_where_it_is_kept(result))
        if result.note:
            parts.append(f"({harmless(result.note)})")
        if result.killed and not result.timed_out:
            parts.append(f"({plural(result.killed, 'background process')} stopped.)")
        if workspace.cwd != before:
            parts.append(f"(Working directory: {harmless(workspace.cwd)})")
        failed = result.timed_out or result.exit_code != 0
        return Observation(text="\n".join(parts), failed=failed, exit_code=result.exit_code)


def _shown(result: CommandResult, limit: int) -> tuple[str, bool]:
    """Return what a command printed, and whether its middle was left out since it is longer than `limit`."""
    if not result.hidden_bytes:
        whole = terminal_output(result.output).rstrip("\n")
        return elided(whole, limit), len(whole) > limit
    # What the sandbox's shell has dropped is left out, too.
    ends = result.output.split(gap(result.hidden_bytes), 1)
    head, tail = terminal_output(ends[0]), terminal_output(ends[-1]).rstrip("\n")
    head, tail = head[: limit * 6 // 10], tail[-(limit * 4 // 10) :]
    if "\n" in head[len(head) // 2 :]:
        head = head[: head.rindex("\n")]
    if "\n" in tail[: len(tail) // 2]:
        tail = tail[tail.index("\n") + 1 :]
    hidden = result.output_bytes - len(f"{head}{tail}".encode())
    return f"{head}\n[... {hidden:,} bytes left out ...]\n{tail}", True


def _where_it_is_kept(result: CommandResult) -> str:
    if result.kept_bytes < result.output_bytes:
        much = f"The first {result.kept_bytes:,} of {result.output_bytes:,} bytes are kept"
    else:
        much = f"All {result.output_bytes:,} bytes are kept"
    return f"({much}: `open` or `search_file` with path {result.kept}.)"
