"""The same shell for images that have no Python: a supervisor of twenty lines of POSIX sh.

The supervisor is the container's first process, reads three lines per command (a nonce, a timeout, the
script with backslash escapes) and prints the command's output as it comes, then the nonce and the exit
status. What a command leaves (folder, exported variables) comes back at the end of its output under a second
nonce and is sent in again with the next command, so nothing is kept on the sandbox's disk.

It promises less than the Python supervisor: shell functions are not carried over, files over 1 MiB can't be
written, of a long output the first 1 MiB is kept, and commands run as the supervisor's own user.
"""

import asyncio
import math
import secrets
import shlex
import time
from collections.abc import Awaitable, Callable

from envs.output import HeadTail, decode_output, most_shown
from envs.sandbox import MAX_FILE_BYTES, OUT_OF_MEMORY, OUTPUT_DIR, WORKDIR, CommandResult, FileContent
from envs.shell import GRACE_SECONDS, HEAD_BYTES, TAIL_BYTES, notes, problem_of, refusal
from trajectories.errors import SandboxError, SandboxLost

MAX_WRITE_BYTES = 1024 * 1024
SLACK_SECONDS = 1.0
"""How long after its timeout a command may still be running before it is stopped from outside."""

STATE_BYTES = 1024 * 1024
"""How much the exported variables may take to be carried over."""

KEPT_FILES = 16
"""How many long outputs are kept at once."""

SUPERVISOR = r"""
oom() {
  kills=0
  for file in /sys/fs/cgroup/memory.events /sys/fs/cgroup/memory/memory.oom_control; do
    [ -r "$file" ] && while read -r key value; do [ "$key" = oom_kill ] && kills=$value; done < "$file"
  done
}
trap '' HUP INT QUIT TERM
while IFS= read -r nonce && IFS= read -r seconds && IFS= read -r script; do
  trap : HUP INT QUIT TERM
  printf '%b' "$script" | sh -c 'exec 3<&0 0</dev/null; . /proc/self/fd/3' sh 2>&1 &
  command=$!
  { sleep "$seconds" && kill -KILL -1; } >/dev/null 2>&1 &
  wait "$command" 2>/dev/null
  code=$?
  while kill -KILL -1; do : & wait; done 2>/dev/null
  trap '' HUP INT QUIT TERM
  [ "$code" = 127 ] && ! sh -c : >/dev/null 2>&1 && code=-1
  oom
  printf '\n%s %s %s\n' "$nonce" "$code" "$kills"
done
"""
"""Killing every process but itself is a right that only a namespace's first process has. It does so until
none is left, for one that is dying may still print; `wait` reaps orphans only beside a child. A signal from
outside ends the wait for a command that has stopped or killed the timer or is no longer wanted. The code -1
says that no shell can be started any more."""

_WRAPPER = """\
__pw_leave() {{
  __pw_code=$?; {{ set +eux; while command kill -KILL -1; do wait; done; }} 2>/dev/null
  printf '\\n%s\\n' {mark}; pwd; printf '%s\\n' {mark}
  [ -d "$(pwd)" ] || cd -- {workdir} 2>/dev/null || cd /
  pwd; printf '%s\\n' {mark}; export -p; printf '%s.\\n' {mark}; exit $__pw_code
}}
{state}
cd -- {cwd} 2>/dev/null || {{ cd -- {workdir} 2>/dev/null || cd /; }}
trap __pw_leave EXIT
eval {command}
"""

_READ = """\
real={path}
if [ -L "$real" ]; then real=$(readlink -f -- "$real") || exit 41; fi
case $real in */*) folder=${{real%/*}} ;; *) folder=. ;; esac
top=$(cd -P -- {root} 2>/dev/null && pwd -P) || exit 41
if [ -d "$real" ]; then folder=$(cd -P -- "$real" && pwd -P) || exit 41; name=; else
folder=$(cd -P -- "${{folder:-/}}" 2>/dev/null && pwd -P) || exit 41; name=/${{real##*/}}; fi
case $folder/ in "$top"/*) ;; *) exit 42 ;; esac
real=$folder$name
"""

_KEEP = """\
[ ! -h {folder} ] && mkdir -p -- {folder} && rm -f -- {old} {path} && printf '%b' {data} > {path}
"""

_KINDS = {
    41: "missing",
    42: "outside",
    43: "directory",
    44: "special",
    45: "too_large",
    46: "exists",
    48: "denied",
}


def escaped(text: str | bytes) -> str:
    """Return text as one line that `printf %b` turns back into it, whatever bytes it holds."""
    data = text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text
    return "".join(chr(b) if 32 <= b < 127 and b != 92 else f"\\0{b:03o}" for b in data)


class PosixShell:
    """Offers what `envs.shell.Shell` offers over the POSIX supervisor's stream."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        stop: Callable[[], Awaitable[None]] | None = None,
        memory: str = "",
    ) -> None:
        """Drive the supervisor at the other end.

        Args:
            reader: What the supervisor prints.
            writer: What it reads.
            stop: Sends SIGTERM to the supervisor, from outside.
            memory: The sandbox's memory limit, for who runs into it.
        """
        self._out_of_memory = OUT_OF_MEMORY.format(size=memory and f" of {memory}")
        self._reader = reader
        self._writer = writer
        self._stop = stop
        self._lock = asyncio.Lock()
        self._state = ""
        self._cwd = WORKDIR
        self._lost = ""
        self._memory_kills = 0
        self._kept = 0

    async def start(self, environment: dict[str, str]) -> None:
        """Set the variables that the first command starts with."""
        exports = [f"export {name}={shlex.quote(value)}" for name, value in environment.items()]
        self._state = "\n".join([*exports, 'mkdir -p -- "$HOME"'])

    async def run(self, command: str, timeout: float, *, keep_over: int | None = None) -> CommandResult:
        """Run one command; see `envs.sandbox.Sandbox.run`."""
        if (refused := refusal(command, self._cwd)) is not None:
            return refused
        mark = secrets.token_hex(16)
        script = _WRAPPER.format(
            mark=mark,
            state=self._state,
            cwd=shlex.quote(self._cwd),
            workdir=shlex.quote(WORKDIR),
            command=shlex.quote(command),
        )
        began, kills_before = time.monotonic(), self._memory_kills
        head_bytes = HEAD_BYTES if keep_over is None else MAX_WRITE_BYTES
        output, code = await self._execute(script, timeout, head_bytes, TAIL_BYTES + STATE_BYTES)
        seconds = time.monotonic() - began
        timed_out = code == 137 and seconds >= timeout
        head, tail, total = output.head, output.tail, output.total
        if total <= len(head) + len(tail):
            head, tail = b"", head + tail
        note = ""
        shown, found, left = tail.partition(f"\n{mark}\n".encode())
        left, whole, _ = left.partition(f"{mark}.\n".encode())
        if found and whole:  # half a state, from a shell that was killed while it left, is no state
            tail = shown
            total -= len(found) + len(left) + len(whole)
            was, now, self._state = left.decode("utf-8", "surrogateescape").split(f"\n{mark}\n")
            if was != now:
                note = f"The working directory {was} is gone; the next command starts in {now}."
            self._cwd = now
        elif f"\n{mark}\n".encode() in head:
            head, tail = head.partition(f"\n{mark}\n".encode())[0], b""
            total = len(head)
            note = f"The exported variables take more than {STATE_BYTES >> 20} MiB and were not kept."
        beginning = (head or tail)[:MAX_WRITE_BYTES]
        kept = 0
        if keep_over is not None and most_shown(beginning) > keep_over:
            kept = await self._keep(beginning)
        if total > HEAD_BYTES + TAIL_BYTES:
            head, tail = beginning[:HEAD_BYTES], tail[-TAIL_BYTES:]
        return CommandResult(
            output=decode_output(head, tail, total),
            exit_code=None if timed_out else code,
            timed_out=timed_out,
            cwd=self._cwd,
            seconds=seconds,
            output_bytes=total,
            note=notes(note, self._out_of_memory if self._memory_kills > kills_before else ""),
            hidden_bytes=total - len(head) - len(tail),
            kept=f"{OUTPUT_DIR}/{self._kept}.txt" if kept else "",
            kept_bytes=kept,
        )

    async def _keep(self, data: bytes) -> int:
        """Keep the first bytes of an output in the sandbox; return how many are kept."""
        self._kept += 1
        script = _KEEP.format(
            folder=OUTPUT_DIR,
            old=f"{OUTPUT_DIR}/{self._kept - KEPT_FILES}.txt",
            path=f"{OUTPUT_DIR}/{self._kept}.txt",
            data=shlex.quote(escaped(data)),
        )
        _, code = await self._execute(script, 60.0)
        return 0 if code else len(data)

    async def read(self, path: str, root: str = WORKDIR) -> FileContent:
        """Read one file; see `envs.sandbox.Sandbox.read`."""
        script = self._resolving(path, root) + (
            '[ -d "$real" ] && exit 43; [ -e "$real" ] || exit 41; [ -f "$real" ] || exit 44\n'
            'true < "$real" || exit 48\n'
            f'[ "$(head -c {MAX_FILE_BYTES + 1} < "$real" | wc -c)" -le {MAX_FILE_BYTES} ] || exit 45\n'
            'mode=644; [ -x "$real" ] && mode=755\nprintf \'%s\\n%s\\n\' "$mode" "$real"\n'
            f'head -c {MAX_FILE_BYTES} < "$real"'
        )
        data = await self._file(path, script)
        mode, _, rest = data.partition(b"\n")
        real, _, content = rest.partition(b"\n")
        return FileContent(content, real.decode("utf-8", "surrogateescape"), int(mode, 8))

    async def write(self, path: str, data: bytes, root: str = WORKDIR, *, create: bool = False) -> str:
        """Write one file; see `envs.sandbox.Sandbox.write`."""
        if len(data) > MAX_WRITE_BYTES:
            raise problem_of("too_large", path)
        state = (
            '[ -e "$real" ] && exit 46' if create else '[ -e "$real" ] || exit 41; [ -f "$real" ] || exit 44'
        )
        script = (
            (self._making_parents(path, root) if create else "")
            + self._resolving(path, root)
            + f'[ -d "$real" ] && exit 43\n{state}\n'
            + f"beside=$folder/.patchwright-{secrets.token_hex(4)}\n"
            + ("" if create else 'cp -p -- "$real" "$beside" || { rm -f -- "$beside"; exit 47; }\n')
            + f'printf \'%b\' {shlex.quote(escaped(data))} > "$beside" && mv -f -- "$beside" "$real"'
            + ' || { rm -f -- "$beside"; exit 47; }\nprintf %s "$real"'
        )
        return (await self._file(path, script)).decode("utf-8", "surrogateescape")

    async def remove(self, path: str, root: str = WORKDIR) -> None:
        """Delete one file; see `envs.sandbox.Sandbox.remove`."""
        script = self._resolving(path, root) + (
            '[ -d "$real" ] && exit 43; [ -e "$real" ] || exit 41; [ -f "$real" ] || exit 44\n'
            'rm -f -- "$real" || exit 47'
        )
        await self._file(path, script)

    async def close(self) -> None:
        """End the input, which ends the supervisor and with it the sandbox."""
        self._lost = self._lost or "it was closed"
        self._writer.close()

    def _resolving(self, path: str, root: str) -> str:
        full = path if path.startswith("/") else f"{root}/{path}"
        return _READ.format(path=shlex.quote(full), root=shlex.quote(root))

    def _making_parents(self, path: str, root: str) -> str:
        # Every folder on the way is checked before the next is made, so that no link leads out.
        lines = [f"top=$(cd -P -- {shlex.quote(root)} && pwd -P) || exit 41", 'cd -- "$top" || exit 41']
        relative = path.removeprefix(root.rstrip("/") + "/") if path.startswith("/") else path
        for part in relative.split("/")[:-1]:
            word = shlex.quote(part or ".")
            lines.append(f"[ -e {word} ] || mkdir -- {word} || exit 47; cd -P -- {word} || exit 41")
            lines.append('case $(pwd -P)/ in "$top"/*) ;; *) exit 42 ;; esac')
        return "\n".join(lines) + "\n"

    async def _file(self, path: str, script: str) -> bytes:
        if refusal(path, "") is not None:
            raise problem_of("failed", path, "its name has a NUL byte or a lone surrogate")
        output, code = await self._execute(script, 60.0, MAX_FILE_BYTES + 65536)
        if code:
            raise problem_of(_KINDS.get(code, "failed"), path, f"the sandbox's shell said {code}")
        return output.head

    async def _execute(
        self, script: str, timeout: float, head: int = HEAD_BYTES, tail: int = TAIL_BYTES
    ) -> tuple[HeadTail, int]:
        async with self._lock:
            if self._lost:
                raise SandboxLost(f"The sandbox is gone: {self._lost}.")
            nonce = secrets.token_hex(16)
            seconds = max(1, math.ceil(timeout))  # not every `sleep` knows fractions
            request = f"{nonce}\n{seconds}\n{escaped(script)}\n".encode("latin-1")
            answer = asyncio.create_task(self._answer(request, nonce, HeadTail(head, tail)))
            try:
                done, _ = await asyncio.wait([answer], timeout=seconds + SLACK_SECONDS)
                output, code = answer.result() if done else ((await self._stopped(answer))[0], 137)
                if code >= 0:
                    return output, code
                self._lost = "its shell can't be started any more"
            except TimeoutError:
                self._lost = f"it did not answer within {seconds + SLACK_SECONDS + GRACE_SECONDS:.0f} seconds"
            except (OSError, EOFError) as error:
                self._lost = f"its stream ended ({error or type(error).__name__})"
            except SandboxError:
                self._lost = "its command can't be stopped"
            except asyncio.CancelledError:
                try:
                    await self._stopped(answer)
                except (SandboxError, OSError, EOFError, TimeoutError):
                    self._lost = "it did not answer to an interrupt"
                raise
            finally:
                answer.cancel()
            raise SandboxLost(f"The sandbox is gone: {self._lost}.")

    async def _answer(self, request: bytes, nonce: str, output: HeadTail) -> tuple[HeadTail, int]:
        self._writer.write(request)
        await self._writer.drain()
        return await self._collect(nonce.encode(), output)

    async def _stopped(self, answer: asyncio.Task[tuple[HeadTail, int]]) -> tuple[HeadTail, int]:
        """Stop the command in flight from outside and take its reply off the stream."""
        async with asyncio.timeout(GRACE_SECONDS):
            while self._stop is not None and not answer.done():
                # Again and again: it heeds a signal only from when it waits for the command.
                await self._stop()
                await asyncio.wait([answer], timeout=0.1)
            return await answer

    async def _collect(self, nonce: bytes, output: HeadTail) -> tuple[HeadTail, int]:
        """Read up to the line that only the supervisor can write; what precedes it is the output."""
        mark, pending = b"\n" + nonce + b" ", b""
        while True:
            chunk = await self._reader.read(65536)
            if not chunk:
                raise EOFError("end of stream")
            pending += chunk
            at = pending.find(mark)
            # What a dying process still wrote after it is dropped.
            said, whole, _ = pending[at + len(mark) :].partition(b"\n") if at >= 0 else (b"", b"", b"")
            if whole:
                output.feed(pending[:at])
                code, self._memory_kills = map(int, said.split())
                return output, code
            if at < 0 and len(pending) > 256:
                output.feed(pending[:-256])
                pending = pending[-256:]
