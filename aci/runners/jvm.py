"""Maven and Gradle: both leave one XML report for each test class."""

import re
import secrets
import shlex
from collections.abc import Iterable, Sequence

from aci.runners.base import Failure, Frame, Outcome, Parsed, inside, quoted, scratch
from aci.runners.junit import Case, cases
from aci.runners.program import MESSAGE_LINES, Program, run_program
from aci.workspace import Workspace

_SOURCE = re.compile(r"(?:^|/)src/[^/]+/(?:java|kotlin|groovy|scala)/(?P<path>.+)\.(?:java|kt|groovy|scala)$")
_CALL = re.compile(r"^\s*at (?:[\w.@/-]+/)?(?P<function>[\w.$<>]+)\((?P<file>[\w.-]+):(?P<line>\d{1,9})\)$")
_METHOD = re.compile(r"^(?P<class>[\w.$]+?)(?:#|::|\.(?=[a-z_]\w*$))(?P<method>[\w ]+)(?:[\[({].*)?$")
# Reports of a run that did not come to its tests are those of an earlier one.
_NOT_COMPILED = re.compile(r"COMPILATION ERROR|Compilation failed|:compile\w* FAILED|Compilation error", re.I)


async def run_maven(workspace: Workspace, selection: Sequence[str]) -> Outcome:
    """Run `mvn test`."""
    words = ["-o", "-B", "-q", "-fae", "test"]
    if selection:
        chosen = ",".join(_maven_name(word) for word in selection)
        words += [f"-Dtest={chosen}", "-DfailIfNoTests=false", "-Dsurefire.failIfNoSpecifiedTests=false"]
    places = ("*/target/surefire-reports/TEST-*.xml", "*/target/failsafe-reports/TEST-*.xml")
    return await _run(
        workspace, "mvn", ".m2/wrapper/dists", words, places, fresh=True, selected=bool(selection)
    )


async def run_gradle(workspace: Workspace, selection: Sequence[str]) -> Outcome:
    """Run `gradle test`."""
    words = ["--offline", "--console=plain", "--continue", "test"]
    for word in selection:
        words += ["--tests", _gradle_name(word)]
    # A test task that is up to date runs no test; its reports are those of the run that made it so.
    return await _run(
        workspace,
        "gradle",
        ".gradle/wrapper/dists",
        words,
        ("*/build/test-results/*/TEST-*.xml",),
        fresh=False,
        selected=bool(selection),
    )


async def _run(
    workspace: Workspace,
    tool: str,
    wrapped: str,
    words: Sequence[str],
    places: Sequence[str],
    *,
    fresh: bool,
    selected: bool,
) -> Outcome:
    wrapper = "mvnw" if tool == "mvn" else "gradlew"
    file, mark, nonce = scratch(".xml"), scratch(".mark"), secrets.token_hex(16)
    tail = quoted(words)
    wanted = " -o ".join(f"-path {shlex.quote(place)}" for place in places)
    sources = " -o ".join(f"-name '*.{suffix}'" for suffix in ("java", "kt", "groovy"))
    newer = f"-newer {mark}" if fresh else ""
    # A wrapper fetches its tool from the network, so it is of use only where that was done before.
    script = f"""
touch {mark}
if [ -f ./{wrapper} ] && [ -d "$HOME/{wrapped}" ]; then sh ./{wrapper} {tail}
elif command -v {tool} >/dev/null 2>&1; then {tool} {tail}
else echo '{tool} is not installed in this sandbox'; exit 127; fi
code=$?
exit $code"""
    collect = f"""
{{ command find . -path ./.git -prune -o -type f '(' {sources} ')' -print
command find . -type f '(' {wanted} ')' {newer} \
  -exec sh -c 'for one; do echo {nonce}; cat "$one"; echo; done' sh {{}} +
}} >{file} 2>/dev/null; rm -f {mark}"""

    async def gather() -> None:
        await workspace.probe(collect)

    def read(text: str, data: bytes | None, root: str) -> Parsed:
        sources, *reports = (data or b"").split(nonce.encode())
        if not fresh and _NOT_COMPILED.search(text):
            return Parsed({}, [])
        return parse_reports(reports, sources.decode("utf-8", "replace").split("\n"), root)

    program = Program("maven" if tool == "mvn" else tool, quoted([tool, *words]), ("java",), script)
    return await run_program(workspace, program, read, file=file, afterwards=gather, selected=selected)


def _class(word: str) -> str:
    """Return the class, or the package, that a path of sources means."""
    match = _SOURCE.search(word)
    return match["path"].replace("/", ".") if match else ""


def _maven_name(word: str) -> str:
    if name := _class(word):
        return name
    if match := _METHOD.match(word):
        return f"{match['class']}#{match['method']}"
    if "/" in word:
        package = re.sub(r"^.*?src/[^/]+/\w+/?", "", word.strip("/") + "/").strip("/")
        return f"{package}/**" if package else "**"
    return word


def _gradle_name(word: str) -> str:
    if name := _class(word):
        return name
    if match := _METHOD.match(word):
        return f"{match['class']}.{match['method']}"
    if "/" in word:
        package = re.sub(r"^.*?src/[^/]+/\w+/?", "", word.strip("/") + "/").strip("/").replace("/", ".")
        return f"{package}.*" if package else "*"
    return word


def parse_reports(reports: Iterable[bytes], sources: Sequence[str], root: str) -> Parsed:
    """Read the reports of Surefire or Gradle.

    Args:
        reports: Each one's XML; one that can't be read is left out, since its writer was killed.
        sources: The paths of the repository's source files.
        root: The repository's folder.
    """
    by_name: dict[str, list[str]] = {}
    for source in sources:
        by_name.setdefault(source.rpartition("/")[2], []).append(source)
    status: dict[str, str] = {}
    failures: dict[str, Failure] = {}
    for report in reports:
        try:
            found = cases(report.strip(), whole=False)
        except ValueError:
            continue
        for case in found:
            test = _test_id(case)
            if status.get(test) != "failed":
                status[test] = case.status
            if case.status == "failed":
                failures.setdefault(test, _failure(test, case, by_name, root))
    return Parsed(status, list(failures.values()))


def _test_id(case: Case) -> str:
    name = case.attributes.get("name", "").removesuffix("()")
    owner = case.attributes.get("classname", "")
    # A class whose fixture fails is told as a case without a name, or with the class's own.
    return owner if not name or name == owner else f"{owner}#{name}" if owner else name


def _failure(test: str, case: Case, sources: dict[str, list[str]], root: str) -> Failure:
    frames: list[Frame] = []
    message: list[str] = []
    for line in case.text.split("\n"):
        match = _CALL.match(line)
        if match is None:
            if not frames and not line.lstrip().startswith("at ") and line.strip():
                message.append(line.strip())
            continue
        folder = "/".join(match["function"].split(".")[:-2])
        suffix = f"{folder}/{match['file']}".lstrip("/")
        path = next((one for one in sources.get(match["file"], ()) if f"/{one}".endswith(f"/{suffix}")), None)
        if path is not None and (shown := inside(path, root)) is not None:
            frames.append(Frame(shown, int(match["line"]), match["function"].rpartition(".")[2], ""))
    said = "\n".join(message[:MESSAGE_LINES]) or case.message
    return Failure(test, said, tuple(reversed(frames)))
