"""How a function is called: from where, and with what for its parameters."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from aci.functions import declarator_of, defined
from aci.grammars import language_of, parse, text_of
from aci.probing.kinds import Kind
from aci.probing.receivers import called_as
from aci.probing.types import kind_of


class Parameter(NamedTuple):
    """One parameter.

    Attributes:
        name: Its name.
        kind: What it takes, or None when the signature does not say.
        typed: The signature gives it a type.
        optional: It may be left out.
    """

    name: str
    kind: Kind | None
    typed: bool
    optional: bool = False


class Signature(NamedTuple):
    """A function that can be called.

    Attributes:
        language: The language's name.
        name: Its own name.
        called: What stands before the arguments in a call: `f`, `new A().f`, `ns::f`.
        parameters: Those that a call gives, in their order.
        spread: The last parameter is a list whose elements are given one by one.
        text: Its source.
    """

    language: str
    name: str
    called: str
    parameters: tuple[Parameter, ...]
    spread: bool
    text: str


def signature_of(path: str, text: str, symbol: str) -> Signature | None:
    """Return the signature of a function, or None when it can't be called from its file with made-up values.

    Args:
        path: The file.
        text: Its text.
        symbol: The function's qualified name, as `aci.functions.functions` returns it, or its last part.
    """
    language = language_of(path)
    root = parse(language, text)
    if root is None:
        return None
    known = [(name, node) for name, node, _ in defined(root)]
    found = [one for one in known if one[0] == symbol]
    found = found or [one for one in known if one[0].rpartition(".")[2] == symbol]
    if len(found) != 1:
        return None
    name, node = found[0]
    node = _function(node)
    called = called_as(language, name, node)
    if not called or _is_lazy(node):
        return None
    parameters, spread = _parameters(language, node, _aliases(language, root))
    if parameters is None or any(one.typed and one.kind is None for one in parameters):
        return None
    return Signature(language, name.rpartition(".")[2], called, tuple(parameters), spread, text_of(node))


def _function(node: Any) -> Any:
    """Return the function of a declaration of variables: `const f = () => {}`."""
    for child in node.named_children if "declaration" in node.type else ():
        value = child.child_by_field_name("value") if child.type == "variable_declarator" else None
        if value is not None and value.child_by_field_name("body") is not None:
            return value
    return node


def _is_lazy(node: Any) -> bool:
    """Say whether calling a function gives only a promise of its answer, or it has parameters of types."""
    kinds = {child.type for child in node.children}
    modifiers = [child for child in node.children if child.type == "function_modifiers"]
    words = {word for one in modifiers for word in text_of(one).split()}
    around = node.parent.type if node.parent is not None else ""
    generic = node.child_by_field_name("type_parameters")
    lifetimes_only = generic is None or all(
        child.type in {"lifetime", "lifetime_parameter"} for child in generic.named_children
    )
    return bool(
        kinds & {"async", "*"} or words & {"async", "unsafe"} or around == "template_declaration"
    ) or not (lifetimes_only)


def _parameters(language: str, node: Any, aliases: Mapping[str, str]) -> tuple[list[Parameter] | None, bool]:
    """Return what a call gives, and whether the last of them is given element by element."""
    declared = node.child_by_field_name("parameters")
    if declared is None and (declarator := declarator_of(node)) is not None:
        declared = declarator.child_by_field_name("parameters")
    if declared is None:
        single = node.child_by_field_name("parameter")
        return ([Parameter(text_of(single), None, typed=False)] if single is not None else None), False
    found: list[Parameter] = []
    spread = only_named = False
    bound = language == "python" and _is_bound(node)
    for child in declared.named_children:
        if "comment" in child.type or child.type in {"positional_separator", "attribute_item"}:
            continue
        if bound:
            bound = False
            continue
        if child.type in {"dictionary_splat_pattern", "self_parameter"}:
            continue
        if child.type == "keyword_separator" or (child.type == "list_splat_pattern" and language == "python"):
            only_named = True
            continue
        optional = child.type in _OPTIONAL or child.child_by_field_name("value") is not None
        if only_named:
            if not optional:
                return None, False
            continue
        written = _written_type(language, child)
        names = _names(language, child)
        if not names:
            return None, False
        many = child.type in {"spread_parameter", "variadic_parameter_declaration"} or (
            "rest_pattern" in {child.type, *(inner.type for inner in child.named_children)}
        )
        kind = kind_of(language, written, aliases) if written else None
        if many and kind is not None and language == "go":
            kind = Kind("list", (kind,), f"[]{written}")
        if many and kind is None:
            return None, False
        spread = spread or many
        found += [Parameter(name, kind, bool(written), optional) for name in names]
    if language in {"java", "go", "cpp", "rust"} and not all(one.typed for one in found):
        return None, False
    return found, spread


_OPTIONAL = frozenset({
    "default_parameter", "typed_default_parameter", "assignment_pattern", "optional_parameter",
    "optional_parameter_declaration",
})  # fmt: skip


def _is_bound(node: Any) -> bool:
    """Say whether a Python method gets its object or class without being given it."""
    around = node.parent
    decorated = around is not None and around.type == "decorated_definition"
    marks = [text_of(child) for child in around.named_children[:-1]] if decorated else []
    body = around.parent if decorated else around
    within = body is not None and body.parent is not None and body.parent.type == "class_definition"
    return within and "@staticmethod" not in marks


def _written_type(language: str, child: Any) -> str:
    node = child.child_by_field_name("type")
    if language == "java" and child.type == "spread_parameter":
        kinds = [one for one in child.named_children if "type" in one.type]
        return f"{text_of(kinds[0])}..." if kinds else ""
    if node is None:
        return ""
    text = text_of(node)
    if language == "java":
        dimensions = child.child_by_field_name("dimensions")
        return text + (text_of(dimensions) if dimensions is not None else "")
    if language == "cpp":
        qualifiers = " ".join(text_of(one) for one in child.named_children if one.type == "type_qualifier")
        declarator = child.child_by_field_name("declarator")
        marks = re.match(r"[&*\s]*", text_of(declarator))[0] if declarator is not None else ""  # type: ignore[index]
        if declarator is not None and "array" in declarator.type:
            marks = "*"
        return f"{qualifiers} {text} {marks}".strip()
    return text


def _names(language: str, child: Any) -> list[str]:
    if child.type == "identifier":
        return [text_of(child)]
    if language == "go":
        return [text_of(one) for one in child.children_by_field_name("name")]
    for field in ("pattern", "name", "left", "declarator"):
        node = child.child_by_field_name(field)
        if node is not None:
            break
    else:
        node = child.named_children[0] if child.named_children else child
    if node.type in {"object_pattern", "array_pattern", "tuple_pattern", "struct_pattern"}:
        return []
    words = re.findall(r"[A-Za-z_]\w*", text_of(node))
    return [words[-1]] if words else []


def _aliases(language: str, root: Any) -> dict[str, str]:
    """Return the other names that a file gives to types."""
    return {name: text for name, text in _named(language, root) if name not in text.split()}


def _named(language: str, root: Any) -> Iterator[tuple[str, str]]:
    for node in root.named_children:
        name, value = node.child_by_field_name("name"), node.child_by_field_name("type")
        if node.type == "type_definition" and value is not None:
            declarator = node.child_by_field_name("declarator")
            if declarator is not None:
                yield text_of(declarator), text_of(value)
        elif node.type in {"alias_declaration", "type_item", "type_alias_declaration"}:
            value = value if value is not None else node.child_by_field_name("value")
            if name is not None and value is not None:
                yield text_of(name), text_of(value)
