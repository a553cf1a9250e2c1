"""What a function is called on: nothing, its namespace or class, or an object made without arguments."""

from typing import Any

from aci.grammars import text_of

_FUNCTIONS = frozenset({
    "function_definition", "function_declaration", "function_item", "arrow_function", "function_expression",
    "method_definition", "method_declaration", "lambda_expression",
})  # fmt: skip
_CLASSES = frozenset({
    "class_definition", "class_declaration", "class_specifier", "struct_specifier", "impl_item",
})  # fmt: skip


def called_as(language: str, name: str, node: Any) -> str:
    """Return what stands before the arguments where a function is called from the end of its file.

    Args:
        language: The language's name.
        name: The function's qualified name.
        node: Its node in the syntax tree.

    Returns:
        The text, or "" when the function can't be called from there without more than literals.
    """
    last = name.rpartition(".")[2]
    spaces: list[str] = []
    owner = None
    around = node.parent
    while around is not None:
        if around.type in _FUNCTIONS or around.type in _CLOSED:
            return ""
        if around.type in _CLASSES:
            if owner is not None or spaces:
                return ""
            owner = around
        if around.type == "namespace_definition" and around.child_by_field_name("name") is not None:
            spaces.insert(0, text_of(around.child_by_field_name("name")))
        around = around.parent
    path = "".join(f"{space}::" for space in spaces)
    if owner is None:
        plain = "." not in name.removeprefix(".".join([*spaces, ""]) if spaces else "")
        has_receiver = node.child_by_field_name("receiver") is not None
        return path + last if plain and not has_receiver else ""
    kind = owner.child_by_field_name("name" if owner.type != "impl_item" else "type")
    if kind is None or owner.child_by_field_name("type_parameters") is not None:
        return ""
    on = _on(language, path + text_of(kind), text_of(kind), owner, node)
    return on + last if on else ""


_CLOSED = frozenset({"mod_item", "trait_item", "interface_declaration", "enum_declaration", "class"})


def _on(language: str, shown: str, kind: str, owner: Any, node: Any) -> str:
    body = owner.child_by_field_name("body")
    members = [] if body is None else body.named_children
    marks = _marks(node)
    match language:
        case "java":
            if "private" in marks or "abstract" in marks | _marks(owner):
                return ""
            makers = [one for one in members if one.type == "constructor_declaration"]
            return f"{shown}." if "static" in marks else _new(f"new {shown}().", makers, "private")
        case "javascript" | "typescript" | "tsx":
            if marks & {"private", "protected", "abstract", "get", "set"}:
                return ""
            makers = [
                one for one in members if _name(one) == "constructor" and one.type == "method_definition"
            ]
            inherits = any(child.type == "class_heritage" for child in owner.named_children)
            return f"{shown}." if "static" in marks else "" if inherits else _new(f"new {shown}().", makers)
        case "cpp":
            makers = [one for one in members if _declared(one) == kind]
            if not _is_public(owner, node) or any(not _is_public(owner, one) for one in makers):
                return ""
            return f"{shown}::" if "static" in marks else _new(f"{shown}().", makers)
        case "rust":
            parameters = node.child_by_field_name("parameters")
            first = parameters.named_children[:1] if parameters is not None else []
            of_trait = owner.child_by_field_name("trait") is not None
            return "" if of_trait or any(one.type == "self_parameter" for one in first) else f"{shown}::"
        case "python":
            if marks & {"staticmethod", "classmethod"}:
                return f"{shown}."
            bases = owner.child_by_field_name("superclasses")
            makers = [one for one in members if _name(one) in {"__init__", "__new__"}]
            inherits = bases is not None and text_of(bases) not in {"()", "(object)"}
            return "" if marks or makers or inherits else f"{shown}()."
    return ""


def _new(text: str, makers: list[Any], *closed: str) -> str:
    """Return a call that makes an object, or "" when no maker goes without arguments."""
    for one in makers:
        holder = one.child_by_field_name("declarator") or one
        parameters = holder.child_by_field_name("parameters")
        if parameters is not None and not parameters.named_children:
            return "" if _marks(one) & set(closed) else text
    return "" if makers else text


def _marks(node: Any) -> set[str]:
    """Return the words that qualify a definition: modifiers, and a Python function's decorators."""
    found = {child.type for child in node.children if not child.is_named}
    for child in node.children:
        if child.type in {"modifiers", "storage_class_specifier", "accessibility_modifier"}:
            found |= set(text_of(child).split())
    if node.parent is not None and node.parent.type == "decorated_definition":
        found |= {text_of(one).lstrip("@").strip() for one in node.parent.named_children[:-1]}
    return found - {"def", ":", "(", ")", "->", ";", "class", "{", "}", "async"}


def _is_public(owner: Any, node: Any) -> bool:
    public = bool(owner.type == "struct_specifier")
    for member in owner.child_by_field_name("body").named_children:
        if member.type == "access_specifier":
            public = text_of(member) == "public"
        if member.id == node.id:
            break
    return public


def _declared(node: Any) -> str:
    declarator = node.child_by_field_name("declarator")
    inner = declarator.child_by_field_name("declarator") if declarator is not None else None
    return "" if inner is None else text_of(inner)


def _name(node: Any) -> str:
    if node.type == "decorated_definition":
        node = node.child_by_field_name("definition") or node
    name = node.child_by_field_name("name")
    return "" if name is None else text_of(name)
