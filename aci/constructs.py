"""What each language's syntax tree calls a definition: queries for tree-sitter.

Each pattern names what it defines by `@name`; the other capture says which kind of thing that is. `@around`
defines nothing itself but gives its name to what lies in it; so does `@owner` to a method outside its type.
"""

from collections.abc import Mapping

_SINGLE: Mapping[str, str] = {
    "python": """
        (class_definition name: (_) @name) @class
        (function_definition name: (_) @name) @function""",
    "javascript": """
        (class_declaration name: (_) @name) @class
        (class name: (_) @name) @class
        (function_declaration name: (_) @name) @function
        (generator_function_declaration name: (_) @name) @function
        (method_definition name: (_) @name) @function
        (field_definition property: (_) @name value: [(arrow_function) (function_expression)]) @function
        (variable_declarator name: (identifier) @name
            value: [(arrow_function) (function_expression) (generator_function)]) @function""",
    "ruby": """
        (class name: (_) @name) @class
        (module name: (_) @name) @module
        (method name: (_) @name) @function
        (singleton_method name: (_) @name) @function""",
    "php": """
        (class_declaration name: (_) @name) @class
        (interface_declaration name: (_) @name) @interface
        (trait_declaration name: (_) @name) @trait
        (enum_declaration name: (_) @name) @enum
        (function_definition name: (_) @name) @function
        (method_declaration name: (_) @name) @function""",
    "go": """
        (function_declaration name: (_) @name) @function
        (method_declaration receiver: (_) @owner name: (_) @name) @function
        (type_spec name: (_) @name) @type""",
    "rust": """
        (impl_item type: (_) @name) @around
        (function_item name: (_) @name) @function
        (struct_item name: (_) @name) @struct
        (union_item name: (_) @name) @struct
        (enum_item name: (_) @name) @enum
        (trait_item name: (_) @name) @trait
        (mod_item name: (_) @name) @module
        (macro_definition name: (_) @name) @macro""",
    "java": """
        (class_declaration name: (_) @name) @class
        (interface_declaration name: (_) @name) @interface
        (annotation_type_declaration name: (_) @name) @interface
        (enum_declaration name: (_) @name) @enum
        (record_declaration name: (_) @name) @class
        (method_declaration name: (_) @name) @function
        (constructor_declaration name: (_) @name) @function""",
    "bash": "(function_definition name: (_) @name) @function",
}
_TYPESCRIPT = _SINGLE["javascript"].replace("field_definition property", "public_field_definition name")
_TYPESCRIPT += """
        (abstract_class_declaration name: (_) @name) @class
        (abstract_method_signature name: (_) @name) @function
        (interface_declaration name: (_) @name) @interface
        (enum_declaration name: (_) @name) @enum
        (type_alias_declaration name: (_) @name) @type
        (internal_module name: (_) @name) @module"""
# The name of a function in C stands in a declarator, which may say that it returns a pointer or a reference.
_C = """
        (function_definition declarator: (function_declarator declarator: (_) @name)) @function
        (function_definition declarator: (_ (function_declarator declarator: (_) @name))) @function
        (struct_specifier name: (_) @name body: (_)) @struct
        (union_specifier name: (_) @name body: (_)) @struct
        (enum_specifier name: (_) @name body: (_)) @enum
        (type_definition declarator: (type_identifier) @name) @type
        (preproc_function_def name: (_) @name) @macro"""
DEFINITIONS: Mapping[str, str] = {
    **_SINGLE,
    "typescript": _TYPESCRIPT,
    "tsx": _TYPESCRIPT,
    "c": _C,
    "cpp": _C
    + """
        (class_specifier name: (_) @name body: (_)) @class
        (namespace_definition name: (_) @name) @module""",
}
"""What can be rewritten by its name."""

SECTIONS: Mapping[str, str] = {
    "markdown": """
        (section (atx_heading heading_content: (_) @name)) @section
        (setext_heading heading_content: (_) @name) @section""",
    "css": """
        (rule_set (selectors) @name) @rule
        (media_statement . (_) @name) @rule
        (keyframes_statement (keyframes_name) @name) @rule""",
    "html": """
        (element [(start_tag (attribute (attribute_name) @_id
            [(attribute_value) @name (quoted_attribute_value (attribute_value) @name)]))
            (self_closing_tag (attribute (attribute_name) @_id
            [(attribute_value) @name (quoted_attribute_value (attribute_value) @name)]))]
            (#eq? @_id "id")) @element""",
    "json": """
        (document (object (pair key: (string (string_content) @name)) @key))
        (document (object (pair value: (object (pair key: (string (string_content) @name)) @key))))""",
    "toml": """
        (table . [(bare_key) (dotted_key) (quoted_key)] @name) @table
        (table_array_element . [(bare_key) (dotted_key) (quoted_key)] @name) @table""",
    "yaml": """
        (document (block_node (block_mapping (block_mapping_pair key: (_) @name) @key)))
        (document (block_node (block_mapping (block_mapping_pair value: (block_node (block_mapping
            (block_mapping_pair key: (_) @name) @key))))))""",
    "sql": """
        (create_table (object_reference) @name) @table
        (create_view (object_reference) @name) @view
        (create_function (object_reference) @name) @function""",
    "xml": """
        (document root: (element (STag (Name) @name)) @element)
        (document root: (element (content (element (STag (Name) @name)) @element)))""",
}  # fmt: skip
"""What gives a file of another kind its order: it can be listed and opened, but not be rewritten by name."""

ALONE = frozenset({"element", "rule", "section", "table", "view"})
"""Kinds that are known by their own words alone, wherever they lie."""
