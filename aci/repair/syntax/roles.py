"""What the node types of the grammars mean, one word for what several languages call otherwise."""

_TYPES = {
    "name": "identifier",
    "integer": "int_literal integer_literal decimal_integer_literal",
    "float": "float_literal decimal_floating_point_literal",
    "number": "number number_literal",
    "text": "string string_literal interpreted_string_literal",
    "letter": "char_literal character_literal rune_literal",
    "truth": "true false boolean_literal",
    "nothing": "null nil undefined null_literal nullptr",
    "binary": "binary_expression",
    "unary": "unary_expression",
    "brackets": "parenthesized_expression condition_clause",
    "call": "call_expression method_invocation",
    "new": "new_expression object_creation_expression",
    "member": "member_expression field_expression selector_expression field_access",
    "index": "subscript_expression index_expression array_access",
    "slice": "slice_expression",
    "range": "range_expression",
    "cast": "cast_expression type_cast_expression",
    "reference": "reference_expression pointer_expression await_expression try_expression",
    "choice": "ternary_expression conditional_expression",
    "sequence": "array initializer_list array_initializer array_expression tuple_expression literal_value",
    "lambda": "arrow_function function_expression lambda_expression func_literal closure_expression",
    "assignment": "assignment_expression augmented_assignment_expression assignment_statement"
    " compound_assignment_expr",
    "update": "update_expression inc_statement dec_statement",
    "declared": "variable_declarator init_declarator let_declaration short_var_declaration var_spec",
    "declaration": "lexical_declaration variable_declaration local_variable_declaration declaration"
    " var_declaration",
    "if": "if_statement if_expression",
    "loop": "for_statement while_statement do_statement for_in_statement enhanced_for_statement"
    " for_range_loop for_expression while_expression loop_expression",
    "break": "break_statement break_expression",
    "continue": "continue_statement continue_expression",
    "return": "return_statement return_expression",
    "block": "statement_block block compound_statement statement_list constructor_body",
    "case": "switch_case switch_default case_statement expression_case default_case"
    " switch_block_statement_group",
    "statement": "expression_statement throw_statement",
    "function": "function_declaration generator_function_declaration method_definition method_declaration"
    " function_definition function_item constructor_declaration",
    "comment": "comment line_comment block_comment",
    "macro": "token_tree",
}  # fmt: skip
_ROLES = {kind: role for role, kinds in _TYPES.items() for kind in kinds.split()}

LITERALS = frozenset({"integer", "float", "text", "letter", "truth", "nothing"})
EXPRESSIONS = LITERALS | {
    "name", "binary", "unary", "brackets", "call", "new", "member", "index", "slice", "cast", "choice",
    "sequence", "reference",
}  # fmt: skip
JUMPS = frozenset({"break", "continue", "return"})


def role_of(kind: str) -> str:
    """Return the role of a node type, "" for one that no operator looks at; numbers are "number"."""
    return _ROLES.get(kind, "")
