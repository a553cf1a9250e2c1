"""What a function has at hand: its variables and their kinds, its literals, what its comment says."""

import re
from collections import Counter
from functools import cached_property

from aci.repair.syntax.roles import LITERALS
from aci.repair.syntax.source import Node, Source, walk

_WORD = re.compile(r"[A-Za-z][a-z]*|[A-Z]+")
_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?![\w.]*\d)")
_QUOTED = re.compile(r"'([^'\n]{0,30})'|\"([^\"\n]{0,30})\"|`([^`\n]{1,30})`")
_EXAMPLE = re.compile(r"^[\s*/]*>>>|\w\(.*\)\s*(?:==|=>|->|➞|→|➜)")
_BINDERS: dict[str, tuple[str, ...]] = {
    "variable_declarator": ("name",), "required_parameter": ("pattern",), "optional_parameter": ("pattern",),
    "formal_parameter": ("name",), "parameter_declaration": ("name", "declarator"), "var_spec": ("name",),
    "init_declarator": ("declarator",), "declaration": ("declarator",), "for_range_loop": ("declarator",),
    "enhanced_for_statement": ("name",), "for_in_statement": ("left",), "short_var_declaration": ("left",),
    "range_clause": ("left",), "parameter": ("pattern",), "let_declaration": ("pattern",),
    "for_expression": ("pattern",), "arrow_function": ("parameter",), "lambda_expression": ("parameters",),
}  # fmt: skip
_LISTS = frozenset({"closure_parameters", "formal_parameters", "inferred_parameters"})
_PARAMETERS = frozenset(
    {"required_parameter", "optional_parameter", "formal_parameter", "parameter_declaration", "parameter"}
)
# Looked for in this order: a list of texts is a list.
_KINDS = (
    ("many", re.compile(r"\[\]|\bvector\b|List|\bVec\b|\bSet\b|Array|\bset\b|\bdeque|&\[|^\[|Map\b|\bmap\b")),
    ("text", re.compile(r"[sS]tring\b|\bstr\b|char ?\*")),
    ("builder", re.compile(r"StringBuilder|StringBuffer")),
    ("truth", re.compile(r"\bbool(ean)?\b")),
    ("letter", re.compile(r"\bchar\b|\brune\b|\bCharacter\b|\bbyte\b")),
    ("number", re.compile(r"\b(?:int|long|short|float|double|size_t|[iu](?:8|16|32|64|128|size)|f32|f64)"
                          r"|u?int\d+(?:_t)?\b|float\d\d|number|Integer|Long|Double|Float")),
)  # fmt: skip
_RETURNED = {
    "length": "number", "len": "number", "size": "number", "count": "number", "indexOf": "number",
    "abs": "number", "Abs": "number", "floor": "number", "ceil": "number", "round": "number", "pow": "number",
    "sqrt": "number", "max": "number", "min": "number", "Max": "number", "Min": "number", "Sqrt": "number",
    "charCodeAt": "number", "parseInt": "number", "int": "number", "float64": "number", "Floor": "number",
    "charAt": "letter", "substring": "text", "substr": "text", "toUpperCase": "text", "toLowerCase": "text",
    "join": "text", "toString": "text", "to_string": "text", "ToLower": "text", "ToUpper": "text",
    "split": "many", "map": "many", "filter": "many", "sort": "many", "collect": "many", "append": "many",
    "equals": "truth", "contains": "truth", "startsWith": "truth", "endsWith": "truth", "includes": "truth",
    "isEmpty": "truth", "is_empty": "truth", "empty": "truth", "iter": "steps", "chars": "steps",
    "into_iter": "steps", "sum": "number",
}  # fmt: skip
_SHOWN = 10


class Scope:
    """A function and what stands in it.

    Args:
        source: The file.
        node: The function's node.
    """

    def __init__(self, source: Source, node: Node) -> None:
        self.source = source
        self.node = node

    @cached_property
    def nodes(self) -> list[Node]:
        """Every named node of the function, in the order of the text."""
        return list(walk(self.node))

    @cached_property
    def _bound(self) -> dict[str, tuple[str, str]]:
        """The variables with the texts of their types, and their kinds."""
        found: dict[str, tuple[str, str]] = {}
        outside = []
        node = self.node.parent
        while node is not None:
            if self.source.role(node) in {"function", "lambda"}:
                outside += list(walk(node))
            node = node.parent
        for part in [*self.nodes, *outside]:
            for name, kind in self._bindings(part):
                # A later declaration says no more than the first one, unless that said nothing.
                if not found.get(name, ("", ""))[1]:
                    found[name] = kind
        return found

    def _bindings(self, node: Node) -> list[tuple[str, tuple[str, str]]]:
        source = self.source
        fields = _BINDERS.get(node.type, ())
        holders = [child for field in fields for child in node.children_by_field_name(field)]
        if node.type in _LISTS:
            holders += [child for child in node.named_children if child.type == "identifier"]
        holders = [holder for holder in holders if holder.type != "init_declarator"]
        if not holders:
            return []
        kind = node.child_by_field_name("type") or (
            node.parent.child_by_field_name("type") if node.parent is not None else None
        )
        declared = source.of(kind) if kind is not None else ""
        if declared in {"auto", "var"} or kind is None:
            declared = ""
        sort = kind_of_type(declared)
        value = node.child_by_field_name("value") or node.child_by_field_name("right")
        if not sort and value is not None and source.role(node) == "declared":
            sort = self.literal_kind(value)
        names = [part for holder in holders for part in walk(holder) if part.type == "identifier"]
        return [(source.of(name), (declared, sort)) for name in names]

    def literal_kind(self, node: Node) -> str:
        """Return what a value is, without asking what the variables in it are."""
        source = self.source
        if node.type == "expression_list" and node.named_children:
            node = node.named_children[0]
        node = source.bare(node)
        match source.role(node):
            case "integer" | "float" | "update":
                return "number"
            case "text" | "letter" | "truth" as role:
                return role
            case "sequence":
                return "many"
            case "range":
                return "range"
            case "call":
                parts = source.callee(node)
                return _RETURNED.get(source.of(parts.name), "") if parts is not None else ""
            case "member":
                name = source.member_name(node)
                return "number" if name is not None and source.of(name) == "length" else ""
            case "binary":
                sign = source.operator(node)
                sign_text = source.of(sign) if sign is not None else ""
                if sign_text in {"-", "*", "/", "%", "&", "|", "^", "<<", ">>", "**"}:
                    return "number"
                if sign_text == "+":
                    return self.literal_kind(node.named_children[0]) or self.literal_kind(
                        node.named_children[-1]
                    )
                return "truth"
            case "unary":
                return "truth" if source.text[source.span(node)[0]] == "!" else "number"
            case "cast" | "new":
                kind = node.child_by_field_name("type")
                return kind_of_type(source.of(kind)) if kind is not None else ""
        return ""

    def kind(self, node: Node) -> str:
        """Return what an expression is, as far as it can be told, else ""."""
        node = self.source.bare(node)
        role = self.source.role(node)
        if role == "name":
            return self._bound.get(self.source.of(node), ("", ""))[1]
        if role == "index":
            base = self.kind(node.named_children[0])
            return "letter" if base == "text" else ""
        if role == "binary":
            sides = [self.kind(node.named_children[0]), self.kind(node.named_children[-1])]
            sign = self.source.operator(node)
            if sign is not None and self.source.of(sign) == "+":
                return "text" if "text" in sides else sides[0] or sides[1]
        return self.literal_kind(node)

    def bound_kind(self, name: str) -> str:
        """Return what a variable holds, "" when it is not known."""
        return self._bound.get(name, ("", ""))[1]

    @cached_property
    def names(self) -> list[str]:
        """Every variable of the function and of those around it, the most used first."""
        used = Counter(self.source.of(node) for node in self.nodes if node.type == "identifier")
        return sorted(self._bound, key=lambda name: -used[name])[:_SHOWN]

    @cached_property
    def parameters(self) -> list[str]:
        """The variables that come from outside."""
        found: dict[str, None] = {}
        for node in self.nodes:
            if node.type in _PARAMETERS or node.type in _LISTS or node.type == "arrow_function":
                found |= dict.fromkeys(name for name, _ in self._bindings(node))
        return list(found)

    def fit(self, one: str, other: str) -> float:
        """Return how well one variable can stand in the place of another, from 0 to 1, by their types."""
        (first, kind), (second, like) = (self._bound.get(name, ("", "")) for name in (one, other))
        if (first and first == second) or (kind and kind == like):
            return 1.0
        if not kind or not like:
            return 0.6
        return 0.4 if {kind, like} <= {"number", "letter"} else 0.1

    @cached_property
    def literals(self) -> dict[str, str]:
        """The literals of the function as they are written, with their roles."""
        source = self.source
        return {source.of(node): role for node in self.nodes if (role := source.role(node)) in LITERALS}

    @cached_property
    def conditions(self) -> list[str]:
        """What the function asks for anywhere: whole conditions and the parts of them."""
        source = self.source
        found: dict[str, None] = {}
        for node in self.nodes:
            condition = node.child_by_field_name("condition")
            if condition is None:
                continue
            for part in walk(source.bare(condition)):
                if source.role(part) in {"binary", "unary", "call"} and self.kind(part) == "truth":
                    found[source.of(part)] = None
        return [text for text in found if "\n" not in text and len(text) < 60][:8]

    @cached_property
    def document(self) -> str:
        """The comment above the function, else the first one of the file."""
        node = self.node
        while node.parent is not None and node.parent.parent is not None and not _is_comment(node):
            before = node.prev_named_sibling
            if before is not None and _is_comment(before):
                break
            node = node.parent
        texts = []
        before = node.prev_named_sibling
        while before is not None and _is_comment(before):
            texts.append(self.source.of(before))
            before = before.prev_named_sibling
        if not texts:
            texts = [self.source.of(part) for part in self.source.root.named_children if _is_comment(part)][
                :1
            ]
        return "\n".join(reversed(texts))

    @cached_property
    def words(self) -> frozenset[str]:
        """The words of the comment and of the function's name, in small letters."""
        name = self.node.child_by_field_name("name")
        text = self.document + (" " + self.source.of(name) if name is not None else "")
        return frozenset(word.lower() for word in _WORD.findall(text))

    @cached_property
    def numbers(self) -> frozenset[str]:
        """The numbers that the comment's prose names; those of its examples say nothing."""
        prose = [line for line in self.document.split("\n") if not _EXAMPLE.search(line)]
        return frozenset(_NUMBER.findall("\n".join(prose)))

    @cached_property
    def quoted(self) -> list[str]:
        """The short texts in quotes of the comment."""
        found = [next((part for part in match if part), "") for match in _QUOTED.findall(self.document)]
        return list(dict.fromkeys(found))[:16]


def kind_of_type(text: str) -> str:
    """Return what the values of a type are, "" for one that is not known."""
    return next((kind for kind, pattern in _KINDS if pattern.search(text)), "") if text else ""


def _is_comment(node: Node) -> bool:
    return "comment" in node.type
