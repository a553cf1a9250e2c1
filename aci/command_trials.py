"""Trying texts of a file in any language: the test command, each time in a copy of the work tree."""

import math
import re
import shlex
from collections.abc import Sequence
from typing import Literal, NamedTuple

from aci.rendering import clipped, terminal_output
from aci.runners.base import take
from aci.workspace import Workspace

_LANES = 2
_COMPILING_SECONDS = 8
_SHOWN = 300
_TAIL = 6000
_COMPILER = re.compile(
    r"^error(?:\[\w+\])?:|^\S+\.\w+:\d+(?::\d+)?: (?:fatal )?error|\[build failed\]|\[setup failed\]"
    r"|SyntaxError"
    r"|^\./?\S+\.go:\d+:\d+: |could not compile|COMPILATION ERROR",
    re.MULTILINE,
)
_TELLING = re.compile(r"assert|panicked|expected|exception|error|fail", re.IGNORECASE)
_NODE_ERROR = re.compile(r"\w*Error\b.*: ")
_TIMES = re.compile(r"(\d+)m([\d.]+)s")
_CPU_SIGNAL, _KILLED, _WALL = 128 + 24, 128 + 9, 124

# One copy of the tree for each text. `ulimit -t` counts for each process: the compiler's and the program's.
_LANE = """
root=$(pwd); box={box}
for number in {numbers}; do
  [ -e "$box/stop" ] && break
  copy="$box/copy$number"
  mkdir "$copy" && cp -R "$root/." "$copy" && cp "$box/$number.text" "$copy/"{path} || continue
  (
    cd "$copy"; ulimit -c 0; ulimit -t {cpu}
    {limit} sh -c {command} >"$box/$number.out" 2>&1 </dev/null
    code=$?
    times >"$box/$number.times"
    tail -c {tail} "$box/$number.out" >"$box/$number.end"
    echo "$code" >"$box/$number.code"
  )
  rm -rf "$copy"
done
"""


class Run(NamedTuple):
    """How the test command ended on one text."""

    status: Literal["passed", "failed", "error", "timeout", "starved"]
    message: str


async def run_texts(
    workspace: Workspace,
    path: str,
    texts: Sequence[str],
    command: str,
    *,
    cpu_seconds: float,
    wall_seconds: float,
    stop_after: int = 0,
) -> list[Run]:
    """Run a test command on each text of a file, two at a time; the work tree stays as it is.

    Fewer runs come back when so many passed as `stop_after` says.
    """
    runs: dict[str, Run] = {}
    different = list(dict.fromkeys(texts))
    stride = len(different) if not stop_after else max(_LANES, stop_after)
    for at in range(0, len(different), max(1, stride)):
        some = different[at : at + stride]
        runs |= dict(
            zip(some, await _run(workspace, path, some, command, cpu_seconds, wall_seconds), strict=True)
        )
        if stop_after and sum(run.status == "passed" for run in runs.values()) >= stop_after:
            break
    found: list[Run] = []
    for text in texts:
        if text not in runs or (stop_after and sum(run.status == "passed" for run in found) >= stop_after):
            break
        found.append(runs[text])
    return found


async def _run(
    workspace: Workspace, path: str, texts: Sequence[str], command: str, cpu: float, wall: float
) -> list[Run]:
    root = "/tmp"  # noqa: S108 - the sandbox's
    made = await workspace.probe("umask 000; mktemp -d /tmp/patchwright-XXXXXXXXXXXX")
    box = made.output.strip()
    if not box.startswith("/tmp/patchwright-"):  # noqa: S108 - the sandbox's
        return [Run("starved", "there is no room for a copy of the work tree")] * len(texts)
    for number, text in enumerate(texts):
        await workspace.sandbox.write(f"{box}/{number}.text", text.encode(), root=root, create=True)
    has_timeout = (await workspace.probe("command -v timeout")).exit_code == 0
    limit = f"timeout -k 1 {math.ceil(wall)}" if has_timeout else ""
    lanes = []
    for lane in range(min(_LANES, len(texts))):
        numbers = " ".join(map(str, range(lane, len(texts), _LANES)))
        lanes.append(
            _LANE.format(
                box=shlex.quote(box), numbers=numbers, path=shlex.quote(path), limit=limit, tail=_TAIL,
                cpu=math.ceil(cpu) + _COMPILING_SECONDS, command=shlex.quote(command),
            )
        )  # fmt: skip
    script = "\n".join(f"( {lane} ) &" for lane in lanes) + "\nwait"
    share = math.ceil(len(texts) / _LANES)
    await workspace.probe(script, min(3600.0, (wall + 5) * share + 60))
    runs = [await _read(workspace, box, number, cpu, root) for number in range(len(texts))]
    await workspace.probe(f"rm -rf {shlex.quote(box)}")
    return runs


async def _read(workspace: Workspace, box: str, number: int, cpu: float, root: str) -> Run:
    said = []
    for suffix in ("code", "times", "end"):
        data = await take(workspace, f"{box}/{number}.{suffix}")
        said.append((data or b"").decode("utf-8", "replace"))
    return judged(said[0].strip(), said[1], said[2], cpu)


def judged(code: str, times: str, printed: str, cpu: float) -> Run:
    """Say how a command ended.

    Args:
        code: Its exit code, or "" when nobody knows.
        times: What the shell's `times` printed after it.
        printed: The end of its output.
        cpu: CPU time that it might have used, in seconds.
    """
    output = terminal_output(printed)
    used = sum(int(minutes) * 60 + float(seconds) for minutes, seconds in _TIMES.findall(times))
    lines = [line.strip() for line in output.split("\n") if line.strip()]
    telling = next((line for line in lines if _TELLING.search(line)), lines[-1] if lines else "")
    if telling.startswith("node:internal"):
        telling = next((line for line in lines if _NODE_ERROR.match(line)), telling)
    message = clipped(telling, _SHOWN)
    if not code.isdecimal():
        return Run("starved", "it was not run to its end")
    if code == "0":
        return Run("passed", "")
    if int(code) == _WALL:
        return Run("starved" if used < cpu / 2 else "timeout", message or "did not end")
    if int(code) in {_CPU_SIGNAL, _KILLED} or "CPU time limit exceeded" in output:
        return Run("timeout", message or "did not end")
    if _COMPILER.search(output):
        first = next((line for line in lines if _COMPILER.search(line)), message)
        return Run("error", clipped(first, _SHOWN))
    return Run("failed", message or f"exit code {code}")
