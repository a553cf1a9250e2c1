"""What a Python text imports and what it defines, read from its syntax tree; nothing is run or imported.

Both sides err towards silence: an import that may be meant to fail is not looked at, and a name counts as
defined when it may be.
"""

import re
import sys
from collections.abc import Iterator
from typing import Any, NamedTuple

from aci.grammars import parse

_STATEMENT = re.compile(
    r"^[ \t]*(?:from[ \t]+[.\w]+[ \t]*[.\w]*[ \t]+import\b[ \t]*(?:\([^)]*\)|(?:[^\n\\]|\\\n|\\)*)"
    r"|import[ \t]+(?:[^\n\\]|\\\n|\\)*)",
    re.MULTILINE,
)
# Inside anything else (try, if, with) an import may be meant to fail or never to run.
_PLAIN_SURROUNDINGS = frozenset(
    {"module", "block", "function_definition", "class_definition", "decorated_definition"}
)
_DYNAMIC = re.compile(
    r"__getattr__|__path__|__dict__|import\s*\*|\bexec\b|\beval\b|\bglobals\b|\bvars\b|\blocals\b|\bsetattr\b"
    r"|sys\.modules|\bimportlib\b|__import__|\blazy|extend_path|declare_namespace"
)
_SILENCED = re.compile(r"#.*\b(noqa|type:\s*ignore|pylint:\s*disable|pyright:\s*ignore)\b")
_BINDING = frozenset(
    {
        "assignment", "augmented_assignment", "named_expression", "for_statement", "for_in_clause",
        "as_pattern_target", "pattern_list", "tuple_pattern", "list_pattern", "list_splat_pattern",
        "parameters", "lambda_parameters", "default_parameter", "typed_parameter", "typed_default_parameter",
        "dictionary_splat_pattern", "function_definition", "class_definition", "global_statement",
        "nonlocal_statement", "type_parameter", "case_pattern", "dotted_name",
    }
)  # fmt: skip
_SCOPES = frozenset({"function_definition", "class_definition", "lambda"})


class Import(NamedTuple):
    """One module, or one name of a module, that a text imports.

    Attributes:
        line: Where, from 1.
        level: How many dots stand before the module.
        module: Its name without them; "" for `from . import x`.
        name: The name taken from it, or "" for the module itself.
    """

    line: int
    level: int
    module: str
    name: str


def added_imports(old: str, new: str) -> list[Import]:
    """Return what `new` imports and `old` does not, where it is sure to be meant in earnest."""
    before = set(_STATEMENT.findall(old))
    # Most edits touch no import; those cost no parsing.
    if all(statement in before for statement in _STATEMENT.findall(new)):
        return []
    known = {(found.level, found.module, found.name) for found in _imports(old, every=True)}
    return [found for found in _imports(new) if (found.level, found.module, found.name) not in known]


def _imports(text: str, *, every: bool = False) -> Iterator[Import]:
    root = parse("python", text)
    if root is None or (root.has_error and not every):
        return
    lines = text.split("\n")
    pending = [root]
    while pending:
        node = pending.pop()
        if node.type == "import_statement":
            for item in node.children_by_field_name("name"):
                yield from _of_interest(node, lines, 0, _module(item), "", every=every)
        elif node.type == "import_from_statement":
            module = node.child_by_field_name("module_name")
            level, name = 0, ""
            if module is not None:
                dotted = _text(module).replace(" ", "")
                name = dotted.lstrip(".")
                level = len(dotted) - len(name)
            taken = [_module(item) for item in node.children_by_field_name("name")]
            for item in taken or [""]:
                yield from _of_interest(node, lines, level, name, item, every=every)
        elif every or node.type in _PLAIN_SURROUNDINGS:
            pending.extend(reversed(node.named_children))


def _of_interest(
    node: Any, lines: list[str], level: int, module: str, name: str, *, every: bool
) -> Iterator[Import]:
    first, last = node.start_point[0], node.end_point[0]
    if not every:
        if any(_SILENCED.search(line) for line in lines[first : last + 1]):
            return
        if not level and module.partition(".")[0] in sys.stdlib_module_names | {"__future__"}:
            return
    yield Import(first + 1, level, module, name)


def _module(node: Any) -> str:
    named = node.child_by_field_name("name") if node.type == "aliased_import" else node
    return _text(named).replace(" ", "")


def _text(node: Any) -> str:
    return str(node.text.decode("utf-8", "replace"))


def names_of(text: str) -> frozenset[str] | None:
    """Return every name that a module may define at its top; None when that can't be told.

    All names that stand outside of functions and classes count, and so do `global` ones.
    """
    root = None if _DYNAMIC.search(text) else parse("python", text)
    if root is None or root.has_error:
        return None
    names = set()
    pending = [(root, False)]
    while pending:
        node, inside = pending.pop()
        if node.type == "identifier" and not inside:
            names.add(_text(node))
        body = node.child_by_field_name("body") if node.type in _SCOPES else None
        for child in node.named_children:
            top = node.type == "global_statement"
            pending.append((child, (inside or child == body) and not top))
    return frozenset(names)


def is_dynamic(text: str) -> bool:
    """Say whether a package may come by modules that are no files of it."""
    return _DYNAMIC.search(text) is not None


def lost_imports(old: str, new: str) -> list[tuple[int, str]]:
    """Return names that `old` imports, `new` uses and nothing in `new` defines, with the lines of their use.

    Meant for texts with syntax errors, of which no linter says more than that.
    """
    if set(_STATEMENT.findall(old)) <= set(_STATEMENT.findall(new)):
        return []
    lost = _bound(old) - _bound(new)
    root = parse("python", new) if lost else None
    if root is None:
        return []
    used: dict[str, int] = {}
    pending = [root]
    while pending:
        node = pending.pop()
        pending.extend(reversed(node.named_children))
        if node.type != "identifier" or _text(node) not in lost:
            continue
        parent = node.parent
        if parent.type == "attribute" and node != parent.child_by_field_name("object"):
            continue
        if parent.type == "keyword_argument" and node == parent.child_by_field_name("name"):
            continue
        if parent.type in _BINDING and node != parent.child_by_field_name("right"):
            lost -= {_text(node)}
        used.setdefault(_text(node), node.start_point[0] + 1)
    return sorted((line, name) for name, line in used.items() if name in lost)


def _bound(text: str) -> frozenset[str]:
    """Return the names that the imports of a text bind, however they are nested."""
    root = parse("python", text)
    names = set()
    pending = [] if root is None else [root]
    while pending:
        node = pending.pop()
        pending.extend(node.named_children)
        if node.type in {"import_statement", "import_from_statement"}:
            for item in node.children_by_field_name("name"):
                alias = item.child_by_field_name("alias")
                names.add(_text(alias) if alias is not None else _module(item).partition(".")[0])
    return frozenset(names)
