"""Commands that would break a naive shell, each with what must be seen of it.

The number of cases: `pytest tests/envs/test_torture.py --collect-only -q`.
"""

from typing import NamedTuple


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
        size: Length of the whole output; None where it does not matter.
        not_in_sh: It needs bash, or a Python in the image.
    """

    command: str
    exit_code: int | set[int] | None = 0
    output: str = "(?s).*"
    seconds: float = 30
    timed_out: bool = False
    harmful: bool = False
    spoils: bool = False
    note: str = ""
    size: int | None = None
    not_in_sh: bool = False


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
    "exit beyond 255": Fault("exit 300", 44),
    "traps for everything": Fault(
        "trap 'echo dbg' DEBUG; trap 'exit 9' ERR; echo hi", 0, "(dbg\n)*hi\n(dbg\n)*", not_in_sh=True
    ),
    "job control": Fault("set -m; sleep 1000 & echo ok", 0, "(?s)(sh: .*turned off\n)?ok\n"),
    "a coprocess": Fault("coproc cat; echo ok", 0, "ok\n", not_in_sh=True),
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
    "a high lone surrogate": Fault("echo '\ud800'", 2, "", note="lone surrogate at offset 6"),
    "a NUL byte": Fault("echo a\0b", 2, "", note="NUL byte at offset 6"),
    "three hundred kilobytes": Fault("echo " + "x" * 300_000 + " | wc -c", 0, " *300001\n"),
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
    "a shell stopped by its child": _endless("sh -c 'kill -STOP $PPID'; echo never", ""),
    "a killed sleep": Fault("pkill -9 sleep; echo on", 0, "(?s).*on\n", harmful=True),
    "a wait for a background job": _endless("sleep 1000 & wait"),
    "ignored signals": _endless("trap '' TERM INT HUP QUIT; echo deaf; sleep 1000", "deaf\n"),
    "an ignored child signal": Fault("trap '' CHLD; true; echo ok", 0, "ok\n"),
    # processes left behind
    "a background job that holds stdout": Fault("sleep 1000 & echo started", 0, "started\n"),
    "a background job that prints": Fault(
        "(while :; do echo y; sleep 1; done) & echo started", 0, "(?s).*started\n.*"
    ),
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
    "a twice forked nohup daemon": Fault(
        "(nohup setsid sh -c 'sleep 1000 & sleep 1000' >/dev/null 2>&1 &); echo left", 0, "left\n"
    ),
    "five hundred orphans": Fault(
        "i=0; while [ $i -lt 500 ]; do (true &); i=$((i+1)); done; echo ok", 0, "ok\n"
    ),
    "zombies of a parent that never looks": Fault(
        "sh -c 'i=0; while [ $i -lt 50 ]; do true & i=$((i+1)); done; exec sleep 1000' & echo ok", 0, "ok\n"
    ),
    "zombies": Fault("for i in 1 2 3 4 5 6 7 8 9; do (sh -c : &) ; done; echo ok", 0, "ok\n"),
    # streams
    "endless output": _endless("yes"),
    "endless zeros": _endless("cat /dev/zero"),
    "fifty megabytes on one line": Fault(
        "head -c 50000000 /dev/zero | tr '\\0' x", 0, r"(?s)x+\n\[.*\]\nx+", size=50_000_000
    ),
    "a hundred megabytes": Fault("yes 0123456789abcde | head -c 100000000", 0, size=100_000_000),
    "a gigabyte": Fault(
        "yes 0123456789abcde | head -c 1000000000", 0, size=1_000_000_000, not_in_sh=True
    ),
    "escape sequences": Fault(
        "printf '\\033[2J\\033]52;c;eA==\\007\\033[?1049h'", 0, "\x1b\\[2J\x1b\\]52;c;eA==\x07\x1b\\[\\?1049h"
    ),
    "what ends a reply": Fault(
        "printf '\\n%s\\n/\\n%s 0 0\\n' 0123456789abcdef0123456789abcdef 0123456789abcdef0123456789abcdef",
        0, "(?s)\n0123456789abcdef0123456789abcdef\n/\n.* 0 0\n",
    ),
    "NUL bytes": Fault("printf 'a\\0b'", 0, "a\0b"),
    "invalid UTF-8": Fault("printf '\\377\\376ok\\303'", 0, r"\\xff\\xfeok\\xc3"),
    "no newline at the end": Fault("printf x", 0, "x"),
    "only newlines": Fault("printf '\\n\\n\\n'", 0, "\n\n\n"),
    "errors and output in their order": Fault("echo 1; echo 2 >&2; echo 3", 0, "1\n2\n3\n"),
    "a reader of stdin": Fault("cat; read x; echo \"done<$x>\"", 0, "done<>\n"),
    "a reader of the terminal": Fault("cat </dev/tty", {1, 2}),
    "a pipe that nobody writes to": _endless("rm -f pipe; mkfifo pipe; cat pipe"),
    "an editor": Fault("$EDITOR a.txt", 1, ""),
    "a pager": Fault("$PAGER a.txt", 0, "hello\n"),
    "a Python that talks": Fault("python3; python3 -i -c 'print(1)'", 0, "1\n(>>> )*\n?", not_in_sh=True),
    "a password": Fault('read -r -s -p Password: x; echo "<$x>"', 0, "<>\n", not_in_sh=True),
    "closed output": Fault("exec >&- 2>&-; echo x", None, ""),
    "closed descriptors": Fault("exec 3<&- 4<&- 5<&- 6<&- 7<&- 8<&- 9<&-; echo ok", 0, "ok\n"),
    "a closed state": Fault("exec 250>&- 7>&-; export LOST=1; echo ok", 0, "ok\n", not_in_sh=True),
    "junk in the state": Fault(
        "printf 'x\\0/etc\\n\\0false\\0' >&250; echo ok", 0, "ok\n", not_in_sh=True
    ),
    "all descriptors": Fault(
        'for i in $(seq 3 1000); do eval "exec $i</dev/null"; done; echo ok', 0, "ok\n", not_in_sh=True
    ),
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
    "a folder with a newline in its name": Fault(
        "mkdir -p 'new\nline'; cd 'new\nline'; export HERE=1; pwd", 0, "(?s).*/new\nline\n"
    ),
    "a folder that can't be looked into": Fault(
        "mkdir -p dark && cd dark && chmod 000 . && echo in", 0, "in\n", spoils=True
    ),
    "a full disk": Fault(
        "cat /dev/zero > /dev/shm/full; wc -c < /dev/shm/full; rm /dev/shm/full", 0,
        "(?s).*No space left on device\n\\d+\n", harmful=True,
    ),
    "a file beyond a limit": Fault("ulimit -f 1; head -c 1000000 /dev/zero > big; rm big", None),
    "no rights for new files": Fault("umask 777; echo x > closed; rm -f closed; echo ok", 0, "ok\n"),
    "no memory": Fault("ulimit -v 20000; echo ok", 0, "ok\n"),
    "an empty sandbox": Fault(
        "rm -rf /workspace/* /workspace/.[!.]* /tmp/* /tmp/.[!.]* 2>/dev/null; cd ~ 2>/dev/null; echo ok",
        0, "ok\n", harmful=True, spoils=True,
    ),
    "rm -rf /": Fault(
        "rm -rf /bin/* /lib* /usr /etc /workspace/* /tmp/* 2>/dev/null; echo done", 0, "done\n",
        harmful=True, spoils=True,
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
    "five megabytes of variables": Fault(
        "export BIG=$(head -c 5000000 /dev/zero | tr '\\0' x); echo ${#BIG}", 0, "5000000\n",
        note="and were not kept",
    ),
    "a changed prompt": Fault(
        "export PS1='$(echo one)' PS2=two PS4=four PROMPT_COMMAND='echo three'; echo x", 0, "x\n", spoils=True
    ),
    "startup files": Fault(
        "echo 'echo started; exit 3' > env; export BASH_ENV=$PWD/env ENV=$PWD/env; echo x", 0, "x\n",
        spoils=True,
    ),
    "an exported function": Fault(
        "f() { echo f; }; export -f f; bash -c f", 0, "f\n", not_in_sh=True, spoils=True
    ),
    "aliases": Fault("alias echo=false cd=false exit=true\n:", 0, ""),
    "readonly variables": Fault(
        "readonly PWD OLDPWD IFS; export HOME; readonly HOME; echo x", 0, "x\n", spoils=True
    ),
    "a function named builtin": Fault("builtin() { :; }; echo x", None, "x\n", spoils=True),
    "functions that hide builtins": Fault(
        "exit() { :; }; eval() { :; }; cd() { :; }; read() { :; }; exec() { :; }; echo x",
        {0, 1, 2}, spoils=True,
    ),
}  # fmt: skip
