"""Parts of a file that is too large to be read whole: some lines of it, and how many there are."""

import shlex
from typing import NamedTuple

from aci.reading import Refused
from aci.rendering import harmless, name, plural
from aci.workspace import Workspace, relative

_SECONDS = 30.0
_TOO_SLOW = 124
_BINARY = 73


class Part(NamedTuple):
    """Some lines of a large file.

    Attributes:
        path: Where it is, relative to the repository.
        total: How many lines it has.
        size: How many bytes it has.
        top: The first line that is shown.
        lines: The text of those that are shown, each cut to what a window shows of it.
    """

    path: str
    total: int
    size: int
    top: int
    lines: list[str]

    def shown(self) -> str:
        """Return the window of lines, with what lies above and below."""
        size = f"{self.size // 1024 // 1024:,} MiB"
        parts = [f"[File: {name(self.path)} ({plural(self.total, 'line')}, {size}, too large to be edited)]"]
        if self.top > 1:
            parts.append(f"({self.top - 1} more above)")
        parts += [f"{number}:{harmless(line)}" for number, line in enumerate(self.lines, self.top)]
        if (below := self.total - self.top - len(self.lines) + 1) > 0:
            parts.append(f"({below} more below)")
        return "\n".join(parts)


async def read_part(workspace: Workspace, path: str, line: int, above: int) -> Part:
    """Read the window around a line of a file that lies in the repository or is a kept output.

    Args:
        workspace: Where it is.
        path: Its path.
        line: The line to show; one outside the file counts as the nearest in it.
        above: How many lines to show above it.

    Raises:
        Refused: It is no text, or counting its lines takes too long.
    """
    window, length = workspace.limits.window, workspace.limits.line_length
    path = relative(path)
    file = shlex.quote(path if path.startswith("/") else f"./{path}")
    # The line is clamped there, so that one round trip does it. Bytes of 4 to a character, and some over.
    script = f"""\
f={file}; head=$(command head -c 4096 "$f" | command tr -d '\\000' | command wc -c)
[ "$head" -eq 4096 ] || exit {_BINARY}
size=$(($(command wc -c < "$f"))); total=$(($(command wc -l < "$f")))
[ -z "$(command tail -c 1 "$f")" ] || total=$((total + 1))
top={max(1, line)}; [ "$top" -le "$total" ] || top=$total
top=$((top - {above})); last=$((total - {window} + 1))
[ "$top" -le "$last" ] || top=$last
[ "$top" -ge 1 ] || top=1
echo "$size $total $top"
command tail -n "+$top" "$f" | command head -n {window} | command cut -b 1-{4 * length}"""
    result = await workspace.probe(script, _SECONDS)
    if result.exit_code == _BINARY:
        raise Refused(f"{name(path)} is a large file and no text; look at it with `bash`.", "binary")
    first, _, rest = result.output.partition("\n")
    numbers = first.split()
    if result.exit_code or len(numbers) != 3 or not all(number.isdigit() for number in numbers):
        said = "took too long" if result.timed_out else "failed"
        raise Refused(f"Reading {name(path)}, a large file, {said}; look at a part of it with `bash`.")
    size, total, top = map(int, numbers)
    lines = rest.removesuffix("\n").split("\n")[:window]
    cut = [text if len(text) <= length else f"{text[:length]} [more characters]" for text in lines]
    return Part(path, total, size, top, cut)
