"""The script that builds a program and runs its variants in the sandbox, and what it leaves behind."""

import math
import re
import shlex
from collections.abc import Sequence
from typing import NamedTuple

from aci.variants.program import NUMBER

LANES = 2
_TAIL = 3000
_RESTARTS = 4
_BLOCKS = 400_000
_HEAD = re.compile(r"#(?P<number>\d+) (?P<code>\d+)$")


class Work(NamedTuple):
    """What one script is to do, in a box of its own.

    Attributes:
        box: The folder that holds the copy of the tree, as `tree`, and all that is made.
        path: The file in the tree that the texts are of.
        build: Builds, or "" when that was done.
        run: Runs the tests.
        numbers: The variants to run.
        own_texts: Each variant is a text of its own, `box/NUMBER.text`; else it is a number.
        probes: How many probes there are.
        joined: Tests and probes are one run.
        cpu: CPU time of a run, in seconds.
        probe_cpu: CPU time of a run of probes, in seconds.
        wall: Wall-clock time of a run, in seconds.
        stop_after: End when so many passed; 0 for never.
        total: Wall-clock seconds after which none is begun; 0 for no such end.
        timeout: There is a program `timeout`.
    """

    box: str
    path: str
    build: str
    run: str
    numbers: Sequence[int]
    own_texts: bool
    probes: int
    joined: bool
    cpu: int
    probe_cpu: int
    wall: int
    stop_after: int
    total: float
    timeout: bool


class Left(NamedTuple):
    """What the run of a variant left.

    Attributes:
        code: Its exit code.
        times: What the shell's `times` printed.
        output: The end of its output.
        said: A line for each probe.
    """

    code: int
    times: str
    output: str
    said: tuple[str, ...]


_SCRIPT = """
{settings}
mkdir -p "$box/tmp" && cd "$box/tree" || exit 9
ulimit -c 0; set -a
TMPDIR="$box/tmp"; {number}=0
JDK_JAVAC_OPTIONS="-Xmaxerrs 100000 ${{JDK_JAVAC_OPTIONS:-}}"; GOFLAGS="${{GOFLAGS:-}} -gcflags=-e"
ended() {{ [ {total} -gt 0 ] && [ "$(date +%s)" -ge $((began + {total})) ]; }}
enough() {{ [ {stop} -gt 0 ] && [ "$(wc -l <"$box/passes")" -ge {stop} ]; }}
limited() {{
  ulimit -f {blocks}; ulimit -t "$1"
  {limit} sh -c "$run" 2>&1 </dev/null
}}
probe() {{
  out="$box/lane$lane.probes"; PATCHWRIGHT_PROBES="$out"; PATCHWRIGHT_FROM=$2; rm -f "$out.begun"
  ( limited "$1" >"$box/lane$lane.out"; code=$?; times >"$box/lane$lane.times"; exit $code )
  code=$?
  known=$(($(wc -l <"$out")))
  # Without these two, the next run is one of the tests alone.
  unset PATCHWRIGHT_PROBES PATCHWRIGHT_FROM
}}
word() {{
  case "$1" in 124|137|152) echo "did not end" ;; *) echo Panic ;; esac
}}
test_alone() {{
  ( limited {cpu} >"$box/lane$lane.out"; code=$?; times >"$box/lane$lane.times"; exit $code )
  code=$?
}}
one() {{
  : >"$box/lane$lane.probes"
  known=0; tries=0; last=0
  if {joined}; then
    probe {cpu} 0; last=$code; tries=1
    if [ -e "$out.begun" ] && [ $known -lt {probes} ]; then test_alone; else last=; fi
  else
    test_alone
  fi
  verdict=$code
  {{
    echo "#$1 $verdict"
    sed 's/^/=/' "$box/lane$lane.times"
    tail -c {tail} "$box/lane$lane.out" | sed 's/^/ /'; echo
  }} >>"$box/lane$lane.results"
  [ "$verdict" = 0 ] && echo >>"$box/passes"
  case "$verdict" in 124|137|152) return ;; esac
  [ {probes} -gt 0 ] || return
  if {joined}; then
    [ -n "$last" ] && {{ word "$last" >>"$out"; known=$((known + 1)); }}
  else
    probe {probe_cpu} 0; last=$code; tries=1
    [ -e "$out.begun" ] || {{ : >"$out"; return; }}
    [ $known -lt {probes} ] && {{ word "$last" >>"$out"; known=$((known + 1)); }}
  fi
  [ -e "$out.begun" ] || return
  while [ $known -lt {probes} ]; do
    if [ $tries -ge {restarts} ]; then word "$last" >>"$out"; known=$((known + 1)); continue; fi
    probe {probe_cpu} $known; last=$code; tries=$((tries + 1))
    [ $known -lt {probes} ] && {{ word "$last" >>"$out"; known=$((known + 1)); }}
  done
  sed 's/^/%/' "$out" >>"$box/lane$lane.results"
}}
lane() {{
  lane=$1; shift
  [ $lane = 0 ] || cd "$box/copy/${{PWD#"$box/tree"}}" || return
  mkdir -p "$box/tmp/$lane"; TMPDIR="$box/tmp/$lane"
  for number; do
    ended && break
    enough && break
    ( set -C; : >"$box/taken$number" ) 2>/dev/null || continue
    {number}=$number
    if {own}; then
      if [ $lane = 0 ]; then cat "$box/$number.text" >"$box/tree/$path"
      else cat "$box/$number.text" >"$box/copy/$path"; fi
    fi
    one "$number"
  done
}}
: >"$box/passes"; rm -f "$box"/taken* "$box"/lane*
{build}
{settings}; began=$(date +%s)
rm -rf "$box/copy"
if {copying}; then cp -R "$box/tree" "$box/copy" || exit 9; else ln -s tree "$box/copy"; fi
{check}
( lane 0 {numbers} ) &
( lane 1 {numbers} ) &
wait
"""

_BUILD = """
{{ {build}
}} >{box}/build.out 2>&1 </dev/null
code=$?
echo "$code" >{box}/build.code
[ "$code" = 0 ] || exit 0
"""

# A program that writes to the work tree is not the same after its first run.
# What it writes in the clock's tick of the marker is not newer, but the names and sizes tell.
_CHECK = """
files() { find "$box/tree" -type f -exec ls -ln {} + 2>/dev/null | cksum; }
: >"$box/marker"
before=$(files)
( lane=0; test_alone )
changed=$(find "$box/tree" -type f -newer "$box/marker" 2>/dev/null | head -n 1)
[ -z "$changed" ] && [ "$before" = "$(files)" ] || { echo >"$box/dirty"; exit 0; }
"""


def script(work: Work, *, copying: bool, checking: bool) -> str:
    """Return the script.

    Args:
        work: What it does.
        copying: The second lane gets a tree of its own.
        checking: A test that writes to the tree is noticed, by the file `dirty` in the box.
    """
    box = shlex.quote(work.box)
    # A build may use the same names as this script.
    settings = f"box={box}; path={shlex.quote(work.path)}; run={shlex.quote(work.run)}"
    return _SCRIPT.format(
        settings=settings, number=NUMBER, stop=work.stop_after,
        total=math.ceil(work.total), blocks=_BLOCKS, tail=_TAIL, restarts=_RESTARTS, probes=work.probes,
        limit=f"timeout -k 1 {work.wall}" if work.timeout else "", cpu=work.cpu, probe_cpu=work.probe_cpu,
        joined="true" if work.joined and work.probes else "false", own="true" if work.own_texts else "false",
        build=_BUILD.format(build=work.build, box=box) if work.build else "",
        numbers=" ".join(map(str, work.numbers)), copying="true" if copying else "false",
        check=_CHECK if checking else "",
    )  # fmt: skip


def results(data: bytes) -> dict[int, Left]:
    """Return what the runs of a lane left, by the variants' numbers."""
    found: dict[int, Left] = {}
    number, code = -1, 0
    times: list[str] = []
    output: list[str] = []
    said: list[str] = []

    def keep() -> None:
        if number >= 0:
            found[number] = Left(code, "\n".join(times), "\n".join(output), tuple(said))

    for line in data.decode("utf-8", "replace").split("\n"):
        if match := _HEAD.match(line):
            keep()
            number, code = int(match["number"]), int(match["code"])
            times, output, said = [], [], []
        elif line.startswith("="):
            times.append(line[1:])
        elif line.startswith(" "):
            output.append(line[1:])
        elif line.startswith("%"):
            said.append(line[1:])
    keep()
    return found
