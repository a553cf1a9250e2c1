"""The shell of a sandbox under torture: no command breaks it, and what a command says is told as it was.

Everything here runs in a container with the Python supervisor, in one that has nothing but busybox's `sh`,
and, where it would not harm this machine, without any isolation.
"""

import asyncio
import contextlib
import json
import os
import re
import socket
import struct
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from envs.sandbox import FileProblem
from envs.shell import HEAD_BYTES, TAIL_BYTES, Shell, supervisor_source
from envs.unsafe import UnsafeSandbox
from tests.envs.conftest import ENGINE_KINDS, AnySandbox, Place
from trajectories.errors import SandboxError, SandboxLost

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Fault(NamedTuple):
    """A command that would break a naive shell, and what its observation must be.

    Attributes:
        command: What the model sends.
        exit_code: The exit status; a set where shells differ; None where it does not matter.
        output: A regular expression that the whole output matches.
        seconds: The timeout.
        timed_out: Whether the command runs into its timeout.
        harmful: It would harm a machine that does not isolate it.
        spoils: It leaves exported variables behind that would disturb other tests.
        note: What the note says.
    """

    command: str
    exit_code: int | set[int] | None = 0
    output: str = "(?s).*"
    seconds: float = 30
    timed_out: bool = False
    harmful: bool = False
    spoils: bool = False
    note: str = ""


def _endless(command: str, output: str = "(?s).*", *, harmful: bool = False) -> Fault:
    return Fault(command, None, output, seconds=1, timed_out=True, harmful=harmful)


FAULTS = {
    # the shell is left or replaced
    "exit": Fault("echo out; exit 7; echo never", 7, "out\n"),
    "exit in a function": Fault("f() { exit 8; }; f; echo never", 8, ""),
    "exec": Fault("exec sh -c 'echo replaced; exit 4'", 4, "replaced\n"),
    "exec of nothing": Fault("exec /does/not/exist", {126, 127}),
    "set -e": Fault("set -e; false; echo never", 1, ""),
    "set -eux": Fault("set -eux; echo $UNSET", {1, 2, 127}),
    "set -n": Fault("set -n; echo never", None, ""),
    "a trap of its own": Fault("trap 'echo bye; exit 5' EXIT; echo hi", None, "hi\n(bye\n)?"),
    "return outside a function": Fault("return 3", None),
    "break outside a loop": Fault("break; echo on", 0, "(?s).*on\n"),
    # text that is not whole
    "an unclosed single quote": Fault("echo 'abc", {1, 2}),
    "an unclosed double quote": Fault('echo "abc', {1, 2}),
    "an unclosed heredoc": Fault("cat <<X\nhello", 0, "(?s).*hello\n?.*"),
    "an unclosed if": Fault("if true; then echo x", {1, 2}),
    "a lone parenthesis": Fault(")", {1, 2}),
    "an unclosed substitution": Fault("echo $(echo a", {1, 2}),
    "a trailing backslash": Fault("echo a \\", 0, "a ?\\\\?\n"),
    "nothing": Fault("", 0, ""),
    "a comment": Fault("# nothing", 0, ""),
    "carriage returns": Fault("echo a\r\necho b", 0, "a\r\nb\n"),
    "three megabytes": Fault(": '" + "x" * 3_000_000 + "'; echo long", 0, "long\n"),
    "thousands of lines": Fault("x=1\n" * 20_000 + "echo $x", 0, "1\n"),
    "words beyond ASCII": Fault("echo 'häßlich ☃ 🐍'", 0, "häßlich ☃ 🐍\n"),
    "a lone surrogate": Fault("printf '\udcff'", 0, r"\\xff"),
    # signals
    "kill -9 -1": Fault("kill -9 -1", None, harmful=True),
    "kill -9 -1, then sleep": Fault(
        "kill -9 -1; while :; do :; done", None, seconds=1, harmful=True
    ),
    "kill -STOP -1": Fault("kill -STOP -1", None, harmful=True),
    "kill -STOP -1, then a loop": _endless("kill -STOP -1; while :; do :; done", harmful=True),
    "signals for process 1": Fault(
        "for s in KILL STOP TERM INT HUP; do kill -$s 1; done; :", None, harmful=True
    ),
    "kill -9 of itself": Fault("echo before; kill -9 $$; echo never", 137, "before\n"),
    "kill -SEGV of a child": Fault("sh -c 'kill -SEGV $$'; echo $?", 0, "(?s).*139\n"),
    "kill -HUP of its group": Fault("kill -HUP 0", None, harmful=True),
    "kill -STOP of itself": _endless("echo before; kill -STOP $$", "before\n"),
    "ignored signals": _endless("trap '' TERM INT HUP QUIT; echo deaf; sleep 1000", "deaf\n"),
    "an ignored child signal": Fault("trap '' CHLD; true; echo ok", 0, "ok\n"),
    # processes left behind
    "a background job that holds stdout": Fault("sleep 1000 & echo started", 0, "started\n"),
    "a background job that prints": Fault("yes & echo started", 0, "(?s).*started\n.*"),
    "a daemon in a session of its own": Fault(
        "(setsid sleep 1000 >/dev/null 2>&1 &); echo left", 0, "left\n"
    ),
    "a twice orphaned daemon": Fault("( ( trap '' HUP TERM; sleep 1000 & ) & ); echo left", 0, "left\n"),
    "a stopped orphan": Fault("sh -c 'kill -STOP $$' & echo left", 0, "left\n"),
    "a fork bomb": Fault(
        "bomb() { bomb | bomb & }; bomb; while :; do :; done", None, seconds=1, timed_out=True, harmful=True
    ),
    "a fork bomb in the foreground": Fault(
        "bomb() { bomb | bomb; }; bomb", None, seconds=1, harmful=True
    ),
    "zombies": Fault("for i in 1 2 3 4 5 6 7 8 9; do (sh -c : &) ; done; echo ok", 0, "ok\n"),
    # streams
    "endless output": _endless("yes"),
    "endless zeros": _endless("cat /dev/zero"),
    "NUL bytes": Fault("printf 'a\\0b'", 0, "a\0b"),
    "invalid UTF-8": Fault("printf '\\377\\376ok\\303'", 0, r"\\xff\\xfeok\\xc3"),
    "no newline at the end": Fault("printf x", 0, "x"),
    "only newlines": Fault("printf '\\n\\n\\n'", 0, "\n\n\n"),
    "errors and output in their order": Fault("echo 1; echo 2 >&2; echo 3", 0, "1\n2\n3\n"),
    "a reader of stdin": Fault("cat; read x; echo \"done<$x>\"", 0, "done<>\n"),
    "a reader of the terminal": Fault("cat </dev/tty", {1, 2}),
    "closed output": Fault("exec >&- 2>&-; echo x", None, ""),
    "closed descriptors": Fault("exec 3<&- 4<&- 5<&- 6<&- 7<&- 8<&- 9<&-; echo ok", 0, "ok\n"),
    "output sent elsewhere": Fault("exec >/dev/null 2>&1; echo x", 0, ""),
    "stdin from elsewhere": Fault("exec </dev/zero; echo ok", 0, "ok\n"),
    "a forged frame": Fault("printf '\\0\\0\\0\\2\\0\\0\\0\\0{}'; echo", 0),
    "writing to everyone's output": Fault(
        "for f in /proc/[0-9]*/fd/1; do printf '\\0\\0\\0\\2\\0\\0\\0\\0{}\\n01 0\\n' >$f; done 2>/dev/null"
        "; echo x",
        None, "(?s).*x\n", harmful=True,
    ),
    # the place itself
    "a deleted working directory": Fault(
        "mkdir -p gone && cd gone && rmdir ../gone", 0, "", note="is gone; the next command starts in"
    ),
    "a closed folder around the working directory": Fault(
        "mkdir -p shut/inner && cd shut/inner && chmod 700 .. && echo in", 0, "in\n"
    ),
    "a directory as a command": Fault("/", 126),
    "a command that is not there": Fault("no_such_command_here", 127, "(?s).*not found\n"),
    "no memory for files": Fault("ulimit -n 4; ls >/dev/null; echo x", None),
    "limits of its own": Fault("ulimit -t 1; while :; do :; done", {137, 152}),
    "an unusual IFS": Fault("export IFS=/; echo x", 0, "x\n", spoils=True),
    "an empty PATH": Fault("export PATH=; ls", {0, 127}, spoils=True),
    "a large variable": Fault(
        "export BIG=$(head -c 100000 /dev/zero | tr '\\0' x); echo ${#BIG}", 0, "100000\n", spoils=True
    ),
    "functions that hide builtins": Fault(
        "exit() { :; }; eval() { :; }; cd() { :; }; read() { :; }; exec() { :; }; echo x",
        {0, 1, 2}, spoils=True,
    ),
}  # fmt: skip

CASES = [
    pytest.param(kind, fault, id=f"{kind}-{name}", marks=[pytest.mark.engine] if kind != "unsafe" else [])
    for kind in ("docker", "sh", "unsafe")
    for name, fault in FAULTS.items()
    if kind != "unsafe" or not fault.harmful
]


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
        assert fault.note in result.note
        assert fault.note or not result.note
        after = await sandbox.run("echo alive", 10)
        assert (after.output, after.exit_code, after.note) == ("alive\n", 0, "")
        assert place.is_empty()
    finally:
        if fault.spoils:
            await place.drop()


# -- what goes from one command to the next


async def test_folder_and_exported_variables_go_from_one_command_to_the_next(
    sandbox: AnySandbox, place: Place
) -> None:
    await sandbox.run(
        'mkdir -p "it\'s here" && cd "it\'s here"; export COLOUR="deep\n  \'red\'"; LOCAL=1', 10
    )
    result = await sandbox.run('echo "$COLOUR/$LOCAL"; basename "$PWD"', 10)
    assert result.output == "deep\n  'red'/\nit's here\n"
    assert result.cwd.endswith("/workspace/it's here")
    await sandbox.run("unset COLOUR", 10)
    assert (await sandbox.run('echo "<$COLOUR>"', 10)).output == "<>\n"


@pytest.mark.parametrize("ending", ["exit 3", "set -e; false", "false", "set -u; echo $NOT_SET", "(exit 9)"])
async def test_state_outlives_the_way_a_command_ends(sandbox: AnySandbox, ending: str) -> None:
    await sandbox.run(f"mkdir -p sub; cd sub; export LAST='{ending}'; {ending}", 10)
    result = await sandbox.run('echo "$LAST"; basename "$PWD"', 10)
    assert result.output == f"{ending}\nsub\n"


@pytest.mark.parametrize("place", [ENGINE_KINDS[0], "unsafe"], indirect=True)
async def test_functions_go_from_one_command_to_the_next(sandbox: AnySandbox, place: Place) -> None:
    await sandbox.run('greet() { echo "hello $1"; }; cd() { builtin cd "$@" && echo moved; }', 10)
    assert (await sandbox.run("greet you; cd /; pwd", 10)).output == "hello you\nmoved\n/\n"
    assert (await sandbox.run("pwd", 10)).output == "/\n"
    await place.drop()


async def test_a_killed_command_leaves_the_state_of_the_one_before(sandbox: AnySandbox) -> None:
    await sandbox.run("mkdir -p kept; cd kept; export KEPT=1", 10)
    await sandbox.run("cd /; export KEPT=2; kill -9 $$", 10)
    result = await sandbox.run('echo "$KEPT"; basename "$PWD"', 10)
    assert result.output == "1\nkept\n"


# -- time


async def test_a_timeout_keeps_what_was_printed_and_leaves_no_process(
    sandbox: AnySandbox, place: Place
) -> None:
    command = (
        "echo begin; (setsid sleep 1000 &); sleep 1000 & sh -c 'trap \"\" TERM; sleep 1000; :'; echo never"
    )
    result = await sandbox.run(command, 1)
    assert (result.output, result.exit_code, result.timed_out) == ("begin\n", None, True)
    assert (await sandbox.run("echo alive", 10)).output == "alive\n"
    assert place.is_empty()


async def test_a_command_that_returns_in_time_is_not_called_slow(sandbox: AnySandbox) -> None:
    result = await sandbox.run("kill -9 $$", 30)
    assert (result.timed_out, result.exit_code) == (False, 137)


async def test_less_than_a_second_is_time_enough_for_a_short_command(sandbox: AnySandbox) -> None:
    assert (await sandbox.run("echo quick", 0.9)).output == "quick\n"


@pytest.mark.parametrize("times", [1, 3])
async def test_an_interrupted_command_ends_and_the_next_one_works(
    sandbox: AnySandbox, place: Place, times: int
) -> None:
    for _ in range(times):
        task = asyncio.create_task(sandbox.run("trap '' TERM INT; sleep 1000 & yes", 1000))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert (await sandbox.run("echo alive", 10)).output == "alive\n"
    assert place.is_empty()


async def test_a_command_interrupted_in_the_middle_ends_too(sandbox: AnySandbox, place: Place) -> None:
    task = asyncio.create_task(sandbox.run("touch running; while :; do :; done", 1000))
    while not await _running(sandbox):
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await sandbox.run("echo alive; rm running", 10)).output == "alive\n"
    assert place.is_empty()


async def _running(sandbox: AnySandbox) -> bool:
    if isinstance(sandbox, UnsafeSandbox):
        return (sandbox.tree / "running").exists()
    done = await asyncio.to_thread(sandbox.container.exec_run, "test -e /workspace/running")
    return bool(done.exit_code == 0)


# -- output


async def test_long_output_keeps_its_head_and_its_tail_and_its_length(sandbox: AnySandbox) -> None:
    result = await sandbox.run("seq 1 200000; printf end", 30)
    whole = "".join(f"{n}\n" for n in range(1, 200_001)) + "end"
    assert result.output_bytes == len(whole)
    head, gap, tail = re.split(r"(\n\[\.\.\. [\d,]+ bytes elided \.\.\.\]\n)", result.output)
    assert (head, tail) == (whole[:HEAD_BYTES], whole[-TAIL_BYTES:])
    assert f"{len(whole) - HEAD_BYTES - TAIL_BYTES:,} bytes" in gap


@pytest.mark.parametrize("extra", [-1, 0, 1])
async def test_output_at_the_limit_is_whole_and_above_it_is_cut(sandbox: AnySandbox, extra: int) -> None:
    size = HEAD_BYTES + TAIL_BYTES + extra
    result = await sandbox.run(f"head -c {size} /dev/zero | tr '\\0' x", 30)
    assert result.output_bytes == size
    assert result.output.count("x") == min(size, HEAD_BYTES + TAIL_BYTES)
    assert ("1 bytes elided" in result.output) == (extra > 0)


async def test_a_command_with_a_nul_byte_is_refused_with_its_place(sandbox: AnySandbox) -> None:
    await sandbox.run("cd /", 10)
    result = await sandbox.run("echo a\0b", 10)
    assert (result.exit_code, result.output, result.cwd) == (2, "", "/")
    assert "NUL byte at offset 6" in result.note


@pytest.mark.parametrize("place", ENGINE_KINDS, indirect=True)
async def test_a_process_that_runs_out_of_memory_is_noted_and_the_sandbox_lives(
    sandbox: AnySandbox, place: Place
) -> None:
    result = await sandbox.run("tail /dev/zero; echo after", 60)
    assert result.output.endswith("after\n")
    if place.kind == "docker":
        assert result.note == "A process was killed because the sandbox's memory limit was reached."
    assert (await sandbox.run("echo alive", 10)).output == "alive\n"


@pytest.mark.parametrize("place", ENGINE_KINDS, indirect=True)
async def test_a_full_tmp_is_told_and_does_not_end_the_sandbox(sandbox: AnySandbox, place: Place) -> None:
    result = await sandbox.run("cat /dev/zero > /tmp/full; wc -c < /tmp/full; rm /tmp/full", 60)
    assert "No space left" in result.output
    assert (await sandbox.run("echo alive", 10)).output == "alive\n"


# -- files


@pytest.mark.parametrize(
    "data", [b"", b"x", b"\0\xff\\0\\n\r\n'\"%s", bytes(range(256)) * 300], ids=["empty", "x", "odd", "all"]
)
async def test_what_is_written_is_read_again(sandbox: AnySandbox, data: bytes) -> None:
    path = await sandbox.write("deep/er/é 'x'.bin", data, create=True)
    assert path == "/workspace/deep/er/é 'x'.bin"
    content = await sandbox.read("deep/er/é 'x'.bin")
    assert (content.data, content.path, content.mode) == (data, path, 0o644)
    assert (await sandbox.run("wc -c < \"deep/er/é 'x'.bin\"", 10)).output.strip() == str(len(data))
    await sandbox.remove(path)
    with pytest.raises(FileProblem, match=r"There is no file"):
        await sandbox.read(path)


async def test_a_write_keeps_the_mode_and_leaves_nothing_beside(sandbox: AnySandbox) -> None:
    await sandbox.write("run.sh", b"#!/bin/sh\necho again\n")
    assert (await sandbox.run("./run.sh; stat -c %a run.sh; ls -A | grep -c patchwright", 10)).output == (
        "again\n755\n0\n"
    )
    assert (await sandbox.read("run.sh")).mode == 0o755


async def test_a_write_through_a_link_changes_what_it_leads_to(sandbox: AnySandbox) -> None:
    assert await sandbox.write("link", b"changed\n") == "/workspace/a.txt"
    assert (await sandbox.run("cat a.txt; readlink link", 10)).output == "changed\na.txt\n"
    await sandbox.write("a.txt", b"hello\n")


REFUSALS: list[tuple[str, str, str]] = [
    ("read", "missing.txt", "missing"),
    ("read", "a.txt/below", "missing"),
    ("read", "../etc/hostname", "outside"),
    ("read", "/etc/hostname", "outside"),
    ("read", "../workspace2/x", "outside missing"),
    ("read", "leads/out", "outside"),
    ("read", "leads/away/hostname", "outside"),
    ("read", "leads", "directory"),
    ("read", ".", "directory"),
    ("read", "leads/nowhere", "missing"),
    ("read", "leads/round", "special missing"),
    ("read", "leads/pipe", "special"),
    ("read", "leads/big", "too_large"),
    ("read", "a\0b", "failed"),
    ("write", "missing.txt", "missing"),
    ("write", "leads/out", "outside"),
    ("write", "leads/away/new", "outside missing"),
    ("write", "leads", "directory"),
    ("write", "leads/pipe", "special"),
    ("write", "../x", "outside missing"),
    ("create", "a.txt", "exists"),
    ("create", "../x", "outside"),
    ("create", "/tmp/x", "outside"),
    ("create", "leads/away/new", "outside"),
    ("create", "leads/away/deeper/new", "outside"),
    ("create", "a.txt/below", "missing exists failed"),
    ("remove", "missing.txt", "missing"),
    ("remove", "leads", "directory"),
    ("remove", "leads/out", "outside"),
    ("remove", "leads/pipe", "special"),
    ("remove", "../etc/hostname", "outside"),
]


async def test_no_file_outside_the_root_or_of_another_kind_is_touched(sandbox: AnySandbox) -> None:
    made = await sandbox.run(
        "rm -rf leads; mkdir -p leads && cd leads && ln -s /etc/hostname out && ln -s /etc away && "
        "ln -s nothing nowhere && ln -s round round && mkfifo pipe && truncate -s 10485761 big && cd ..",
        10,
    )
    assert made.exit_code == 0, made
    got = []
    for action, path, _ in REFUSALS:
        try:
            if action in ("write", "create"):
                await sandbox.write(path, b"planted", create=action == "create")
            else:
                await getattr(sandbox, action)(path)
        except FileProblem as problem:
            got.append((action, path, problem.kind))
        else:
            got.append((action, path, "allowed"))
    wrong = [(g, w[2]) for g, w in zip(got, REFUSALS, strict=True) if g[2] not in w[2].split()]
    assert wrong == []
    assert (await sandbox.run("ls -d /etc/new /etc/deeper /tmp/x ../x 2>/dev/null", 10)).output == ""


async def test_a_file_is_created_once(sandbox: AnySandbox) -> None:
    await sandbox.write("once.txt", b"first", create=True)
    with pytest.raises(FileProblem, match="exists already"):
        await sandbox.write("once.txt", b"second", create=True)
    assert (await sandbox.read("once.txt")).data == b"first"
    await sandbox.remove("once.txt")


@pytest.mark.parametrize("place", ENGINE_KINDS, indirect=True)
async def test_a_file_without_rights_is_denied(sandbox: AnySandbox, place: Place) -> None:
    await sandbox.write("locked", b"x", create=True)
    await sandbox.run("chmod 000 locked", 10)
    with pytest.raises(FileProblem) as caught:
        await sandbox.read("locked")
    assert caught.value.kind == "denied"
    await sandbox.remove("locked")


@pytest.mark.parametrize("place", ENGINE_KINDS, indirect=True)
async def test_a_full_disk_costs_no_old_content(sandbox: AnySandbox, place: Place) -> None:
    # /dev/shm is a small file system of its own.
    await sandbox.write("old", b"precious", "/dev/shm", create=True)
    await sandbox.run("cat /dev/zero > /dev/shm/full", 30)
    with pytest.raises(FileProblem) as caught:
        await sandbox.write("old", b"y" * 300_000, "/dev/shm")
    assert caught.value.kind == "failed"
    await sandbox.run("rm /dev/shm/full", 10)
    assert (await sandbox.read("old", "/dev/shm")).data == b"precious"
    assert (await sandbox.run("ls -A /dev/shm; rm /dev/shm/old", 10)).output == "old\n"


async def test_ten_requests_at_once_are_served_one_after_the_other(sandbox: AnySandbox) -> None:
    results = await asyncio.gather(*(sandbox.run(f"echo {n}", 30) for n in range(10)))
    assert [result.output for result in results] == [f"{n}\n" for n in range(10)]


# -- the sandbox without isolation


async def test_the_unsafe_sandbox_works_in_a_copy_and_leaves_nothing(project: Path, tmp_path: Path) -> None:
    sandbox = UnsafeSandbox()
    info = await sandbox.start(project)
    assert (info.kind, "nothing is isolated" in info.isolation) == ("unsafe", True)
    result = await sandbox.run("echo new > a.txt; cat .git/HEAD; setsid sleep 1000 & pwd", 10)
    assert result.output.startswith("ref: refs/heads/main\n")
    assert result.cwd == "/workspace"
    await sandbox.export(tmp_path / "out")
    assert (tmp_path / "out" / "a.txt").read_text() == "new\n"
    assert (project / "a.txt").read_text() == "hello\n"
    folder = sandbox.tree.parent
    await sandbox.close()
    await sandbox.close()
    assert not folder.exists()
    with pytest.raises(SandboxLost):
        await sandbox.run("true", 1)


async def test_the_unsafe_sandbox_hides_the_hosts_variables(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CANARY_KEY", "sk-canary")
    sandbox = UnsafeSandbox()
    await sandbox.start(project)
    try:
        assert "canary" not in (await sandbox.run("env; cat /proc/$PPID/environ", 10)).output
    finally:
        await sandbox.close()


@pytest.mark.parametrize(
    ("python", "said"),
    [("/does/not/exist", "can't be started: .*No such file"), ("/bin/false", "ended at once")],
)
async def test_an_unsafe_sandbox_that_does_not_start_says_why_and_cleans_up(
    python: str, said: str, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", python)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(SandboxError, match=said):
        await UnsafeSandbox().start(project)
    assert list(tmp_path.iterdir()) == []


async def test_an_unsafe_sandbox_of_a_missing_tree_says_so(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match="can't be copied"):
        await UnsafeSandbox().start(tmp_path / "nothing")


# -- the protocol, against a peer that misbehaves


Answer = Callable[[dict[str, Any]], list[bytes]]


def frame(header: object, body: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack(">II", len(text), len(body)) + text + body


def reply(request: dict[str, Any], **changes: object) -> dict[str, Any]:
    whole = {"id": request["id"], "nonce": request["nonce"], "exit": 0, "timed_out": False, "cwd": "/"}
    whole |= {"seconds": 0.1, "bytes": 2, "killed": 0, "note": "", "head": 2, "kept": "", "kept_bytes": 0}
    return {**whole, "broken": False, "out_of_memory": False, **changes}


@contextlib.asynccontextmanager
async def peer(answer: Answer) -> AsyncIterator[Shell]:
    """A shell whose supervisor answers each request with the given bytes."""
    ours, theirs = socket.socketpair()
    reader, writer = await asyncio.open_connection(sock=ours)
    their_reader, their_writer = await asyncio.open_connection(sock=theirs)

    async def serve() -> None:
        with contextlib.suppress(EOFError, OSError):
            while True:
                sizes = struct.unpack(">II", await their_reader.readexactly(8))
                header = json.loads(await their_reader.readexactly(sizes[0]))
                await their_reader.readexactly(sizes[1])
                for piece in answer(header):
                    if not piece:
                        their_writer.close()
                        return
                    their_writer.write(piece)
                    await their_writer.drain()

    serving = asyncio.create_task(serve())
    shell = Shell(reader, writer)
    try:
        yield shell
    finally:
        await shell.close()
        serving.cancel()
        their_writer.close()
        await asyncio.gather(serving, return_exceptions=True)


FORGERIES: dict[str, Callable[[dict[str, Any]], bytes]] = {
    "a wrong nonce": lambda r: frame(reply(r, nonce="0" * 32), b"no"),
    "no nonce": lambda r: frame({**reply(r), "nonce": None}, b"no"),
    "a nonce that is a number": lambda r: frame(reply(r, nonce=0), b"no"),
    "a nonce beyond ASCII": lambda r: frame(reply(r, nonce="é"), b"no"),
    "a wrong id": lambda r: frame(reply(r, id=r["id"] - 1), b"no"),
    "an empty object": lambda r: frame({}),
    "a list": lambda r: frame([]),
    "a number": lambda r: frame(1),
}


@pytest.mark.parametrize("forged", FORGERIES.values(), ids=FORGERIES)
async def test_a_reply_that_does_not_know_the_nonce_is_ignored(
    forged: Callable[[dict[str, Any]], bytes],
) -> None:
    async with peer(lambda request: [forged(request), frame(reply(request), b"ok")]) as shell:
        assert (await shell.run("true", 5)).output == "ok"


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ([b""], "its stream ended"),
        ([b"\0\0\0\4\0\0", b""], "its stream ended"),
        ([b"\xff" * 8], "its stream was corrupted"),
        ([frame(b"not json")], "its stream was corrupted"),
        ([frame(b"\xff\xfe\xfd")], "its stream was corrupted"),
    ],
    ids=["the end", "half a frame", "a huge frame", "no JSON", "no text"],
)
async def test_a_broken_stream_is_a_lost_sandbox_and_stays_one(sent: list[bytes], said: str) -> None:
    async with peer(lambda request: sent) as shell:
        for _ in range(2):
            with pytest.raises(SandboxLost, match=said):
                await shell.run("true", 5)


async def test_a_silent_supervisor_is_a_lost_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("envs.shell.GRACE_SECONDS", 0.1)
    async with peer(lambda request: []) as shell:
        with pytest.raises(SandboxLost, match="did not answer within"):
            await shell.run("true", 0.1)


async def test_a_request_cancelled_within_a_reply_does_not_lose_its_place_in_the_stream() -> None:
    held: list[bytes] = []
    sent = asyncio.Event()

    def answer(request: dict[str, Any]) -> list[bytes]:
        if request["op"] == "interrupt":
            return [held.pop()]
        whole = frame(reply(request), b"ok")
        if request["id"] > 1:
            return [whole]
        held.append(whole[8:])
        sent.set()
        return [whole[:8]]

    async with peer(answer) as shell:
        task = asyncio.create_task(shell.run("first", 30))
        await sent.wait()
        while shell._sizes is None:
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (await shell.run("second", 5)).output == "ok"


async def test_a_late_reply_to_a_request_given_up_is_skipped() -> None:
    late: list[bytes] = []

    def answer(request: dict[str, Any]) -> list[bytes]:
        if request["op"] == "interrupt":
            return []
        whole = frame(reply(request), b"%02d" % request["id"])
        if request["id"] == 1:
            late.append(whole)
            return []
        return [*late, whole]

    async with peer(answer) as shell:
        task = asyncio.create_task(shell.run("first", 30))
        for _ in range(2):  # the second time while it waits for the interrupt's effect
            while not late:
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.sleep(0)
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (await shell.run("second", 5)).output == "02"


# -- the supervisor by itself, under every Python that this machine has


def _pythons() -> list[str]:
    root = os.environ.get("PYENV_ROOT") or os.path.expanduser("~/.pyenv")
    found = {path.parent.parent.name: str(path) for path in Path(root).glob("versions/3.*/bin/python3")}
    return [sys.executable, *(found[name] for name in sorted(found))]


async def _talk(python: str, folder: Path, sent: bytes) -> list[tuple[dict[str, Any], bytes]]:
    config = {"workdir": str(folder), "environment": {"PATH": os.environ["PATH"], "WHO": "it's me"}}
    process = await asyncio.create_subprocess_exec(
        python, "-I", "-S", "-c", supervisor_source(), json.dumps(config),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(sent)
    frames = []
    for _ in range(sent.count(b'"nonce": "n')):
        sizes = struct.unpack(">II", await process.stdout.readexactly(8))
        header = json.loads(await process.stdout.readexactly(sizes[0]))
        frames.append((header, await process.stdout.readexactly(sizes[1])))
    process.stdin.close()
    await process.wait()
    assert process.returncode == 0
    return frames


def ask(op: str, number: int, body: bytes = b"", **more: object) -> bytes:
    limits = {"timeout": 20, "head": 1000, "tail": 1000, "limit": 1000}
    return frame({"op": op, "id": number, "nonce": f"n{number}", **limits, **more}, body)


@pytest.mark.parametrize("python", _pythons())
async def test_the_supervisor_works_under_old_and_new_pythons(python: str, tmp_path: Path) -> None:
    root = str(tmp_path)
    replies = await _talk(
        python,
        tmp_path,
        ask("ping", 1)
        + ask("run", 2, "echo \"$WHO\"; export A='ä'; cd /; yes | head -c 3000; exit 3".encode())
        + ask("run", 3, b'echo "$A"; pwd; sleep 1000', timeout=0.3)
        + ask("write", 4, b"text", path="new/f", root=root, create=True)
        + ask("read", 5, path="new/f", root=root)
        + ask("remove", 6, path="new/f", root=root)
        + ask("read", 7, path="new/f", root=root),
    )
    assert [header["nonce"] for header, _ in replies] == [f"n{n}" for n in range(1, 8)]
    ran, later = replies[1], replies[2]
    assert (ran[0]["exit"], ran[0]["bytes"], len(ran[1])) == (3, 3008, 2000)
    assert ran[1].startswith(b"it's me\ny\n")
    assert (later[0]["timed_out"], later[1].decode()) == (True, "ä\n/\n")
    assert (replies[4][1], replies[6][0]["problem"]) == (b"text", "missing")


async def test_an_interrupt_that_comes_in_one_piece_with_its_command_is_heeded(tmp_path: Path) -> None:
    sent = ask("run", 1, b"sleep 1000", timeout=1000) + frame({"op": "interrupt", "id": 0, "nonce": ""})
    ((header, _),) = await _talk(sys.executable, tmp_path, sent)
    assert (header["interrupted"], header["exit"]) == (True, None)


async def test_a_shell_never_reports_the_death_of_what_the_supervisor_killed(tmp_path: Path) -> None:
    command = (
        b"for i in 1 2 3 4 5 6 7 8 9; do (sh -c 'while :; do sleep 1000; done'; :) & done; sleep 1000; :"
    )
    sent = b"".join(ask("run", n, command, timeout=0.2) for n in range(6))
    replies = await _talk(sys.executable, tmp_path, sent)
    assert [body for _, body in replies] == [b""] * 6
