"""What a function has at hand: its names, its constants, what its docstring says."""

import ast
import re
from collections import Counter
from functools import cached_property

from aci.repair.edits import Function, Source

_WORD = re.compile(r"[A-Za-z_]+")
_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?![\w.]*\d)")
_QUOTED = re.compile(r"'([^'\n]{0,30})'|\"([^\"\n]{0,30})\"|`([^`\n]{1,30})`")


class Scope:
    """A function and what stands in it.

    Args:
        source: The file.
        function: The function, or None for the lines of the module itself.
    """

    def __init__(self, source: Source, function: Function | None) -> None:
        self.source = source
        self.function = function
        self.node: ast.AST = function if function is not None else source.tree

    @cached_property
    def parameters(self) -> list[str]:
        """The names of the function's parameters, and of those around it."""
        names: list[str] = []
        node: ast.AST | None = self.function
        while node is not None:
            if isinstance(node, Function):
                every = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
                names += [argument.arg for argument in every]
            node = self.source.parents.get(node)
        return [name for name in dict.fromkeys(names) if name not in {"self", "cls"}]

    @cached_property
    def names(self) -> list[str]:
        """Every variable of the function: parameters, assigned names, loop variables, those around it."""
        found = Counter(dict.fromkeys(self.parameters, 1))
        node: ast.AST | None = self.node
        while node is not None and not isinstance(node, ast.Module | ast.ClassDef):
            for part in ast.walk(node):
                if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
                    found[part.id] += 1
                elif isinstance(part, ast.arg) and part.arg not in {"self", "cls"}:
                    found[part.arg] += 1
            node = self.source.parents.get(node)
        if isinstance(self.node, ast.Module):
            for part in self.node.body:
                for inner in ast.walk(part) if isinstance(part, ast.Assign) else ():
                    if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store):
                        found[inner.id] += 1
        return [name for name, _ in found.most_common()]

    @cached_property
    def constants(self) -> list[object]:
        """The constants of the function's body, without its docstring."""
        document = self._docstring_node
        return list(
            {
                (type(part.value), part.value): part.value
                for part in ast.walk(self.node)
                if isinstance(part, ast.Constant) and part is not document and part.value is not Ellipsis
            }.values()
        )

    @cached_property
    def _docstring_node(self) -> ast.Constant | None:
        body = getattr(self.node, "body", [])
        if body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
            return body[0].value if isinstance(body[0].value.value, str) else None
        return None

    @cached_property
    def document(self) -> str:
        """The docstring, of an outer function or class where it has none."""
        node: ast.AST | None = self.node
        while node is not None:
            if isinstance(node, Function | ast.ClassDef | ast.Module):
                text = ast.get_docstring(node)
                if text:
                    return text
            node = self.source.parents.get(node)
        return ""

    @cached_property
    def words(self) -> frozenset[str]:
        """The words of the docstring and of the function's name, in small letters."""
        name = self.function.name if self.function is not None else ""
        return frozenset(word.lower() for word in _WORD.findall(f"{self.document} {name.replace('_', ' ')}"))

    @cached_property
    def numbers(self) -> frozenset[str]:
        """The numbers that the docstring's prose names; those of its examples say nothing."""
        prose = "\n".join(line for line in self.document.split("\n") if not _is_example(line))
        return frozenset(_NUMBER.findall(prose))

    @cached_property
    def quoted(self) -> list[str]:
        """The short texts in quotes of the docstring, and its words as they are written."""
        found = [next((part for part in match if part), "") for match in _QUOTED.findall(self.document)]
        return list(dict.fromkeys(found))[:24]

    @cached_property
    def spelled(self) -> frozenset[str]:
        """The docstring's words as they are written."""
        return frozenset(_WORD.findall(self.document))

    @cached_property
    def attributes(self) -> list[str]:
        """The attributes that the function uses."""
        return list(
            dict.fromkeys(part.attr for part in ast.walk(self.node) if isinstance(part, ast.Attribute))
        )


def _is_example(line: str) -> bool:
    return line.lstrip().startswith(">>>") or bool(re.search(r"\w\(.*\)\s*(?:==|=>|->|➞|→)", line))
