"""A function taken apart: what it promises (signature, docstring) and the body that keeps the promise.

A weak model copies a wrong body that it sees and writes a right one from the promise, so the two are wanted
apart, in every language that has a grammar here.
"""

import textwrap
from collections.abc import Iterator
from typing import Any, NamedTuple

from aci.grammars import language_of, parse, text_of

_MAX_PRELUDE = 4_000


class Function(NamedTuple):
    """One function of a file, by offsets into its text.

    Attributes:
        name: Its qualified name, e.g. "Report.render".
        start: Where it begins, with its decorators and the comment above it.
        body: Where its body begins: behind the docstring in Python, behind `{` elsewhere.
        end: Where its body ends: before `}` where there is one.
    """

    name: str
    start: int
    body: int
    end: int


def functions(path: str, text: str) -> list[Function]:
    """Return the functions and methods that a file defines, outermost first; none of an unknown language."""
    language = language_of(path)
    root = parse(language, text)
    if root is None:
        return []
    data = text.encode("utf-8", "replace")
    return [
        Function(
            name,
            *(
                len(data[:offset].decode("utf-8", "replace"))
                for offset in _offsets(language, node, body, data)
            ),
        )
        for name, node, body in defined(root)
    ]


def function(path: str, text: str, name: str) -> Function | None:
    """Return the one function that a name means, by its whole name or else by the last part of it."""
    known = functions(path, text)
    wanted = name.strip().removesuffix("()").replace("::", ".")
    exact = [one for one in known if one.name == wanted]
    last = wanted.rpartition(".")[2]
    found = exact or [one for one in known if one.name.rpartition(".")[2] == last]
    return found[0] if len(found) == 1 else None


def promise(text: str, one: Function) -> str:
    """Return what stands before a function's body: imports, the class around it, signature, docstring.

    Of a long file only the last part is kept, from the beginning of a line.
    """
    before = text[: one.body]
    if len(before) <= _MAX_PRELUDE:
        return before
    start = max(0, min(one.start, len(before) - _MAX_PRELUDE))
    return before[before.rfind("\n", 0, start) + 1 :]


def with_body(text: str, one: Function, body: str) -> str:
    """Return a file's text with another body of a function."""
    return text[: one.body] + body + text[one.end :]


def body_of(path: str, text: str, name: str) -> str | None:
    """Return the body of a function in a text, or None when the text does not define it whole."""
    one = function(path, text, name)
    return None if one is None else text[one.body : one.end]


def moved(body: str, like: str) -> str:
    """Return a body indented as another one is; bodies of brace languages may stay as they are."""
    wanted, given = _indent(like), _indent(body)
    if wanted == given:
        return body
    plain = textwrap.dedent(body.lstrip("\n"))
    return "\n".join(wanted + line if line.strip() else line for line in plain.split("\n"))


def _indent(body: str) -> str:
    line = next((line for line in body.split("\n") if line.strip()), "")
    return line[: len(line) - len(line.lstrip())]


def defined(root: Any) -> Iterator[tuple[str, Any, Any]]:
    """Yield the name, the whole node and the body's node of each function."""
    pending = [(root, "")]
    while pending:
        node, around = pending.pop()
        inner = around
        name, body = _name_of(node), node.child_by_field_name("body")
        if name and body is not None:
            shown = around + name
            inner = f"{shown}."
            if "class" not in node.type and body.type in _BODIES:
                yield shown, node, body
        elif node.type == "variable_declarator":
            value = node.child_by_field_name("value")
            body = value.child_by_field_name("body") if value is not None else None
            if name and body is not None and body.type in _BODIES:
                yield around + name, node.parent, body
        elif node.type == "impl_item":
            kind = node.child_by_field_name("type")
            inner = f"{text_of(kind)}." if kind is not None else around
        pending.extend((child, inner) for child in reversed(node.named_children))


_BODIES = frozenset({"block", "statement_block", "compound_statement", "constructor_body"})


def declarator_of(node: Any) -> Any:
    """Return what declares a function of C or C++ with its parameters, behind pointers and references."""
    found = node.child_by_field_name("declarator")
    while found is not None and found.type != "function_declarator":
        found = found.child_by_field_name("declarator") or next(
            (child for child in found.named_children if "declarator" in child.type), None
        )
    return found


def _name_of(node: Any) -> str:
    name = node.child_by_field_name("name")
    if name is not None:
        return text_of(name)
    if node.type != "function_definition":
        return ""
    declarator = declarator_of(node)
    inner = declarator.child_by_field_name("declarator") if declarator is not None else None
    return "" if inner is None else text_of(inner).replace("::", ".")


def _offsets(language: str, node: Any, body: Any, data: bytes) -> tuple[int, int, int]:
    top = node
    while top.parent is not None and top.parent.type in {"decorated_definition", "export_statement"}:
        top = top.parent
    before = top.prev_named_sibling
    while before is not None and before.type in {
        "comment",
        "block_comment",
        "line_comment",
        "attribute_item",
    }:
        top = before
        before = top.prev_named_sibling
    if language != "python":
        # Behind `{`, and behind the rest of its line when nothing else stands there.
        start = body.start_byte + 1
        line_end = data.find(b"\n", start, body.end_byte)
        if line_end >= 0 and not data[start:line_end].strip():
            start = line_end + 1
        end = body.end_byte - 1
        last = data.rfind(b"\n", start, end) + 1
        return top.start_byte, start, last if last and not data[last:end].strip() else end
    return top.start_byte, *_python_body(body, data)


def _python_body(body: Any, data: bytes) -> tuple[int, int]:
    """Return where a Python function's body begins, behind its docstring, and where it ends."""
    statements = body.named_children
    start = body.start_byte
    for statement in statements:
        # Imports may stand before what is meant as a docstring.
        if statement.type == "expression_statement" and statement.named_children[0].type == "string":
            start = statement.end_byte
        if statement.type not in {"import_statement", "import_from_statement", "comment"}:
            break
    line = data.rfind(b"\n", 0, start) + 1
    line_end = data.find(b"\n", start, body.end_byte)
    if start != body.start_byte and line_end >= 0:
        start = line_end + 1
    elif start == body.start_byte and not data[line:start].strip():
        start = line
    end = data.find(b"\n", body.end_byte)
    return start, len(data) if end < 0 else end + 1
