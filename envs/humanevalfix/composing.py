"""Puts the files of an instance together: the function, and the visible tests where its language has them."""

import re
from collections.abc import Iterable

from envs.humanevalfix.languages import BY_NAME, LanguageName

_GO_PACKAGES = (
    "bufio", "bytes", "crypto/md5", "errors", "fmt", "math", "math/bits", "math/rand", "os", "reflect",
    "regexp", "sort", "strconv", "strings", "time", "unicode",
)  # fmt: skip
_GO_IMPORT = re.compile(r'^import\s*(?:\((?P<many>[^)]*)\)|(?P<one>"[^"]*"))[ \t]*\n?', re.MULTILINE)
_TESTIFY = "github.com/stretchr/testify/assert"
_GO_MOD = "module main\n\ngo 1.19\n\nrequire github.com/stretchr/testify v1.8.1\n"
_EMPTY = {
    "java": "public class Main {\n    public static void main(String[] args) {\n    }\n}\n",
    "cpp": "int main(){\n}\n",
}
"""Without a first function, a file of these languages does not build."""


def compose(language: LanguageName, program: str, tests: str) -> dict[str, str]:
    """Return the files of a repository that holds a program and its tests.

    Args:
        language: The language of both.
        program: The function with all that belongs to it.
        tests: Tests as `envs.humanevalfix.visible.cut_tests` returns them, or "".
    """
    file = BY_NAME[language].file
    program = program.strip("\n") + "\n"
    if language == "go":
        files = {"go.mod": _GO_MOD, file: go_file(program)}
        return files | ({"main_test.go": go_file(tests, ("testing", _TESTIFY))} if tests else {})
    tests = tests or _EMPTY.get(language, "")
    return {file: f"{program}\n\n{tests}" if tests else program}


def go_file(text: str, always: Iterable[str] = ()) -> str:
    """Return a file of the package main that imports what its text uses: Go refuses one import too many."""
    used = go_uses(text)
    body = re.sub(r"^package main[ \t]*\n", "", _GO_IMPORT.sub("", text), flags=re.MULTILINE)
    packages = sorted({*used, *always})
    block = "import (\n" + "".join(f'\t"{package}"\n' for package in packages) + ")\n\n" if packages else ""
    return f"package main\n\n{block}{body.strip()}\n"


def go_uses(text: str) -> list[str]:
    """Return the packages of the standard library that a Go text names in its code."""
    code = re.sub(r"//[^\n]*|/\*.*?\*/", "", text, flags=re.DOTALL)
    code = re.sub(r'"(?:[^"\\\n]|\\.)*"|`[^`]*`', '""', code)
    return [
        package
        for package in _GO_PACKAGES
        if re.search(rf"(?<![\w.]){package.rpartition('/')[2]}\.[A-Z]", code)
    ]


def go_with_imports(text: str) -> str:
    """Return a Go file with an import for each known package that its code uses and it does not import."""
    there = {name for block in _GO_IMPORT.finditer(text) for name in re.findall(r'"([^"]+)"', block[0])}
    missing = [package for package in go_uses(text) if package not in there]
    if not missing:
        return text
    block = "\n\nimport (\n" + "".join(f'\t"{package}"\n' for package in missing) + ")\n"
    clause = re.search(r"^package \w+[ \t]*$", text, re.MULTILINE)
    if clause is None:
        return f"package main{block}{text}"
    return text[: clause.end()] + block + text[clause.end() :]


def python_check(assertions: Iterable[str], entry_point: str) -> str:
    """Return a `check` function of the given assertions, and its call."""
    lines = "".join(f"    {line}\n" for assertion in assertions for line in assertion.splitlines())
    return f"def check({entry_point}):\n{lines}\n\ncheck({entry_point})\n" if lines else ""


def rust_check(assertions: Iterable[str]) -> str:
    """Return a module of one test that makes the given assertions."""
    lines = "".join(f"        {assertion}\n" for assertion in assertions)
    if not lines:
        return ""
    head = "#[cfg(test)]\nmod tests {\n    use super::*;\n\n    #[test]\n    fn examples() {\n"
    return f"{head}{lines}    }}\n}}\n"


def statement(language: LanguageName, entry_point: str, *, shows_tests: str | None) -> str:
    """Return the issue's text.

    Args:
        language: The language of the program.
        entry_point: The function with the fault.
        shows_tests: The tests that decide, in the setting that shows them; else None.
    """
    file = BY_NAME[language].file
    head = f"`{entry_point}` in `{file}` returns wrong results\n\n"
    if shows_tests is None:
        return (
            f"{head}The function `{entry_point}` in `{file}` does not do what its documentation says: it has "
            f"a bug. Find it and fix it in `{file}`. Keep the function's name and parameters."
        )
    return (
        f"{head}The function `{entry_point}` in `{file}` has a bug: these tests must pass, and not all "
        f"of them do. Find the bug and fix it in `{file}`. Keep the function's name and parameters.\n\n"
        f"```\n{shows_tests.strip()}\n```"
    )
