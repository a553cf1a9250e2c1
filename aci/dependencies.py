"""Which file of a repository imports which, by the lines that say so: Python, JavaScript, Java, Go, Rust."""

import posixpath
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence

Graph = Mapping[str, frozenset[str]]

SUFFIXES = (
    ".py",
    ".js",
    ".jsx",
    ".mjs",
    ".cjs",
    ".ts",
    ".tsx",
    ".mts",
    ".cts",
    ".java",
    ".kt",
    ".groovy",
    ".go",
    ".rs",
)
SKIPPED_FOLDERS = (
    ".git",
    "node_modules",
    ".venv",
    "venv",
    ".tox",
    ".nox",
    "__pycache__",
    "dist",
    "target",
    "site-packages",
)
GREP = (
    r"^[[:space:]]*(from[[:space:]]+[.[:alnum:]_]+[[:space:]]+import|import[[:space:]]"
    r"|use[[:space:]]|\} from[[:space:]]"
    r"|export[[:space:]].*from[[:space:]]|([[:alnum:]_.]+[[:space:]]+)?\"[^\"]+\"$)|(require|import)\("
)
"""What `grep -E` finds such lines by; it has no single quote, so that it can stand in them."""

_PYTHON_FROM = re.compile(r"^\s*from\s+(?P<dots>\.*)(?P<module>[\w.]*)\s+import\s+(?P<names>.*)$")
_PYTHON_IMPORT = re.compile(r"^\s*import\s+(?P<names>[\w., ]+)")
_SCRIPT = re.compile(r"""(?:from|require\(|import\(|import)\s*["'](?P<path>\.[^"']*)["']""")
_JAVA = re.compile(r"^\s*import\s+(?:static\s+)?(?P<name>[\w.]+)(?P<all>\.\*)?")
_GO = re.compile(r'"(?P<path>[^"\s]+)"\s*$')
_RUST = re.compile(r"^\s*(?:pub\s+)?use\s+(?P<path>[\w:{}, *]+)")
_SCRIPT_ENDS = (
    "",
    *SUFFIXES[1:9],
    "/index.js",
    "/index.ts",
    "/index.tsx",
    "/index.mjs",
)
_ROOTS = ("src/", "lib/")


class _Files:
    """The files of a repository by the names under which they are imported."""

    def __init__(self, files: Sequence[str]) -> None:
        self.all = frozenset(files)
        self.python: dict[str, set[str]] = defaultdict(set)
        self.packages: dict[str, set[str]] = defaultdict(set)
        self.java: dict[str, set[str]] = defaultdict(set)
        self.folders: dict[str, set[str]] = defaultdict(set)
        self.rust: dict[str, set[str]] = defaultdict(set)
        for path in files:
            folder, name = posixpath.split(path)
            if path.endswith(".py"):
                for dotted in self.dotted(path):
                    self.python[dotted].add(path)
                    self.packages[dotted.rpartition(".")[0]].add(path)
            elif path.endswith((".java", ".kt", ".groovy")):
                match = re.search(r"(?:^|/)src/[^/]+/\w+/(.+)\.\w+$", path)
                self.java[(match[1] if match else path.rpartition(".")[0]).replace("/", ".")].add(path)
            elif path.endswith(".go") and not path.endswith("_test.go"):
                self.folders[folder].add(path)
            elif path.endswith(".rs"):
                stem = name.removesuffix(".rs")
                self.rust[posixpath.basename(folder) if stem == "mod" else stem].add(path)

    def dotted(self, path: str) -> set[str]:
        """Return the names of a Python module: by its place, and from where its packages begin."""
        whole = path.removesuffix(".py").removesuffix("/__init__")
        names = {whole, *(whole.removeprefix(root) for root in _ROOTS)}
        folder = posixpath.dirname(path)
        while folder and f"{folder}/__init__.py" in self.all:
            folder = posixpath.dirname(folder)
        names.add(whole.removeprefix(f"{folder}/") if folder else whole)
        return {name.replace("/", ".") for name in names}


def graph(files: Sequence[str], lines: Sequence[tuple[str, str]]) -> Graph:
    """Return which files each file imports.

    Args:
        files: All source files.
        lines: Lines that import something, each with its file.
    """
    known = _Files(files)
    found: dict[str, set[str]] = defaultdict(set)
    for path, line in lines:
        if path not in known.all:
            continue
        if path.endswith(".py"):
            found[path] |= _python(known, path, line)
        elif path.endswith((".java", ".kt", ".groovy")):
            found[path] |= _java(known, line)
        elif path.endswith(".go"):
            found[path] |= _go(known, line)
        elif path.endswith(".rs"):
            found[path] |= _rust(known, line)
        else:
            found[path] |= _script(known, path, line)
    for path in known.all:
        if path.endswith(".go"):
            # Files of one folder are one package.
            found[path] |= known.folders.get(posixpath.dirname(path), set())
    return {path: frozenset(imported - {path}) for path, imported in found.items()}


def _python(known: _Files, path: str, line: str) -> set[str]:
    if match := _PYTHON_FROM.match(line):
        module = match["module"]
        if match["dots"]:
            folder = posixpath.dirname(path)
            for _ in match["dots"][1:]:
                folder = posixpath.dirname(folder)
            module = ".".join(part for part in (folder.replace("/", "."), module) if part)
        found = set(known.python.get(module, ()))
        names = [name.split()[0] for name in match["names"].strip("( ").split(",") if name.strip(" ()#\\")]
        if "(" in match["names"] and not names:
            # The names stand on the next lines: any module of the package may be among them.
            return found | known.packages.get(module, set())
        return found.union(*(known.python.get(f"{module}.{name}".lstrip("."), ()) for name in names))
    if match := _PYTHON_IMPORT.match(line):
        names = [name.split()[0] for name in match["names"].split(",") if name.strip()]
        return set().union(*(known.python.get(name, set()) for name in names))
    return set()


def _script(known: _Files, path: str, line: str) -> set[str]:
    found = set()
    for match in _SCRIPT.finditer(line):
        target = posixpath.normpath(posixpath.join(posixpath.dirname(path), match["path"]))
        bare = re.sub(r"\.[cm]?js$", "", target)
        found |= {one for end in _SCRIPT_ENDS for one in (target + end, bare + end) if one in known.all}
    return found


def _java(known: _Files, line: str) -> set[str]:
    match = _JAVA.match(line)
    if match is None:
        return set()
    name = match["name"]
    if match["all"]:
        inside = {one for key, paths in known.java.items() if key.rpartition(".")[0] == name for one in paths}
        return inside | known.java.get(name, set())
    # A static import names a member of the class, and a nested class its outer one.
    return known.java.get(name) or known.java.get(name.rpartition(".")[0], set())


def _go(known: _Files, line: str) -> set[str]:
    match = _GO.search(line)
    if match is None:
        return set()
    target = match["path"]
    while target:
        if target in known.folders:
            return known.folders[target]
        target = target.partition("/")[2]
    return set()


def _rust(known: _Files, line: str) -> set[str]:
    match = _RUST.match(line)
    if match is None:
        return set()
    names = re.findall(r"\w+", match["path"])
    found = set().union(*(known.rust.get(name, set()) for name in names))
    # The crate itself is `lib.rs`, under a name that only its manifest knows.
    return found | (
        known.rust.get("lib", set()) if names and names[0] not in {"std", "core", "alloc"} else set()
    )
