"""What single edits are made of a function: one case for each common fault, mended by one of them."""

import ast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aci.repair.candidates import candidates, edits_of
from aci.repair.edits import Source

CASES = {
    "comparison": ("if a < b: return a", "if a <= b: return a"),
    "comparison turned": ("if a < b: return a", "if a > b: return a"),
    "membership": ("if a in b: return a", "if a not in b: return a"),
    "identity": ("if a is None: return b", "if a is not None: return b"),
    "boolean": ("return a and b", "return a or b"),
    "every boolean": ("return a and b and c", "return a or b or c"),
    "drop not": ("if not a: return b", "if a: return b"),
    "add not": ("if a(b): return b", "if not a(b): return b"),
    "arithmetic": ("return a + b", "return a - b"),
    "power": ("return a * 2", "return a ** 2"),
    "bits": ("return a & b", "return a ^ b"),
    "drop operand": ("return a + b", "return a"),
    "drop condition": ("if a and b: return c", "if b: return c"),
    "swap operands": ("return a - b", "return b - a"),
    "brackets": ("return a + b * c", "return (a + b) * c"),
    "one more": ("return a[1]", "return a[2]"),
    "range bound": ("for i in range(a): b(i)", "for i in range(a + 1): b(i)"),
    "range start": ("for i in range(a): b(i)", "for i in range(1, a): b(i)"),
    "slice bound": ("return a[1:]", "return a[:1]"),
    "slice dropped": ("return a[1:]", "return a"),
    "reversed": ("return a[1:b]", "return a[1:b][::-1]"),
    "indices": ("return a[b][c]", "return a[c][b]"),
    "another name": ("return a + b", "return a + c"),
    "another target": ("a = b; return c", "c = b; return c"),
    "name off by one": ("return a[b]", "return a[b - 1]"),
    "swap arguments": ("return f(a, b)", "return f(b, a)"),
    "drop argument": ("return f(a, b)", "return f(a)"),
    "reverse order": ("return sorted(a)", "return sorted(a, reverse=True)"),
    "function of a family": ("return min(a)", "return max(a)"),
    "method of a family": ("return a.endswith(b)", "return a.startswith(b)"),
    "ceil": ("return math.floor(a)", "return math.ceil(a)"),
    "wrap": ("return a - b", "return abs(a - b)"),
    "set": ("return sorted(a)", "return sorted(set(a))"),
    "drop call": ("return len(a)", "return a"),
    "drop chained call": ("return a.strip().lower()", "return a.strip()"),
    "add method": ("return a", "return a.lower()"),
    "negative": ("return a", "return -a"),
    "sign": ("return -a", "return a"),
    "bool": ("return True", "return False"),
    "text": ("return ' '.join(a)", "return ''.join(a)"),
    "empty list in a list": ("return []", "return [[]]"),
    "branches of an expression": ("return a if c else b", "return b if c else a"),
    "filter": ("return [x for x in a if x]", "return [x for x in a]"),
    "tuple": ("return (a, b)", "return (b, a)"),
    "assignment": ("a = b; return a", "a += b; return a"),
    "augmented": ("a += b; return a", "a -= b; return a"),
    "jump": ("while a: break", "while a: continue"),
    "guard for None": ("if a.b: return c", "if a is not None and a.b: return c"),
    "element elsewhere": ("a[b, c] = a[b]; return b[c]", "b[c] = a[b]; return b[c]"),
}


def made_of(body: str, words: str = "") -> set[str]:
    document = f'    """{words}"""\n' if words else ""
    source = Source(f"def f(a, b, c):\n{document}    {body}\n")
    return {ast.dump(ast.parse(edit.applied(source.text))) for edit in _parsing(source)}


def _parsing(source: Source) -> list:
    kept = []
    for edit in edits_of(source, range(1, 1000)):
        try:
            ast.parse(edit.applied(source.text))
        except SyntaxError:
            continue
        kept.append(edit)
    return kept


@pytest.mark.parametrize(("faulty", "right"), CASES.values(), ids=CASES.keys())
def test_a_common_fault_is_mended_by_one_edit(faulty: str, right: str) -> None:
    assert ast.dump(ast.parse(f"def f(a, b, c):\n    {right}\n")) in made_of(faulty)


BLOCKS = {
    "delete a statement": ("for x in a:\n    b(x)\n    c(x)", "for x in a:\n    c(x)"),
    "swap statements": ("b(a)\nc(a)", "c(a)\nb(a)"),
    "move out": ("for x in a:\n    b(x)\n    return x", "for x in a:\n    b(x)\nreturn x"),
    "move in": ("for x in a:\n    b(x)\nreturn a", "for x in a:\n    b(x)\n    return a"),
    "if to elif": ("if a:\n    b()\nif c:\n    a()", "if a:\n    b()\nelif c:\n    a()"),
    "elif to if": ("if a:\n    b()\nelif c:\n    a()", "if a:\n    b()\nif c:\n    a()"),
    "swap branches": ("if a:\n    b()\nelse:\n    c()", "if a:\n    c()\nelse:\n    b()"),
    "drop the guard": ("if a:\n    b()\nc()", "b()\nc()"),
    "missing assignment": (
        "old = None\nwhile a:\n    a = b(a, old)\nreturn old",
        "old = None\nwhile a:\n    a = b(a, old)\n    old = a\nreturn old",
    ),
    "missing add": (
        "seen = set()\nfor x in a:\n    if x in seen:\n        return x",
        "seen = set()\nfor x in a:\n    if x in seen:\n        return x\n    seen.add(x)",
    ),
    "missing base case": ("return a[0] + b", "if not a:\n    return a\nreturn a[0] + b"),
    "update for assignment": ("for x in a:\n    b[x].update(c[x])", "for x in a:\n    b[x] = c[x]"),
    "twice the same": ("if a == 1:\n    return 1", "if a == 2:\n    return 2"),
}


@pytest.mark.parametrize(("faulty", "right"), BLOCKS.values(), ids=BLOCKS.keys())
def test_a_fault_of_statements_is_mended_by_one_edit(faulty: str, right: str) -> None:
    def body(text: str) -> str:
        return text.replace("\n", "\n    ")

    assert ast.dump(ast.parse(f"def f(a, b, c):\n    {body(right)}\n")) in made_of(body(faulty))


def test_what_the_docstring_says_makes_a_change_likelier() -> None:
    def prior(words: str) -> float:
        source = Source(f'def f(a, b):\n    """{words}"""\n    return a - b\n')
        return max(edit.prior for edit in edits_of(source, range(1, 9)) if edit.new == "abs(a - b)")

    assert prior("The absolute distance.") > prior("The difference of no sign.") / 1.0001
    assert prior("The absolute distance.") > prior("Something.")


def test_a_word_that_the_docstring_spells_otherwise_is_tried() -> None:
    source = Source('def f(a):\n    """Return Jupiter."""\n    return "Jupyter"\n')
    assert '"Jupiter"' in {edit.new for edit in edits_of(source, range(1, 9))}


def test_only_the_edited_span_changes_and_comments_stay() -> None:
    text = "def f(a,  b):  # odd   spacing\r\n\treturn (a\t- b)  # é ünïcode — kept\r\n"
    source = Source(text)
    edit = next(edit for edit in edits_of(source, range(1, 9)) if edit.what == "`-` to `+`")
    assert edit.applied(text) == text.replace("- b", "+ b")


def test_annotations_docstrings_and_lines_outside_are_left_alone() -> None:
    text = 'def f(a: int = 3) -> "int":\n    """1 + 1."""\n    return a\n\n\ndef g():\n    return 1\n'
    for edit in edits_of(Source(text), range(1, 5)):
        new = edit.applied(text)
        assert '"""1 + 1."""' in new
        assert "def g():\n    return 1\n" in new
        assert "a: int" in new
        assert '-> "int"' in new


def test_candidates_come_by_suspicion_and_prior_and_say_each_thing_once() -> None:
    source = Source("def f(a, b):\n    c = a < b\n    return c + 1\n")
    found = candidates(source, range(1, 9), {2: 0.2, 3: 1.0}, 1000)
    weights = [candidate.weight for candidate in found]
    assert weights == sorted(weights, reverse=True)
    assert found[0].edit.line == 3
    shapes = [ast.dump(ast.parse(candidate.text)) for candidate in found]
    assert len(set(shapes)) == len(shapes)
    assert ast.dump(source.tree) not in shapes
    assert len(candidates(source, range(1, 9), {2: 0.2, 3: 1.0}, 7)) == 7
    assert {candidate.edit.line for candidate in candidates(source, range(1, 9), {2: 1.0}, 99)} == {2}


NAMES = st.sampled_from(["a", "b", "c", "total"])
ATOMS = st.one_of(NAMES, st.sampled_from(["0", "1", "2.5", "'x'", "''", "None", "True", "[]", "(a, b)", "é"]))


def _grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    pairs = st.tuples(inner, inner)
    return st.one_of(
        st.tuples(
            inner, st.sampled_from(["+", "-", "*", "//", "**", "<", "==", "in", "and", "or"]), inner
        ).map(lambda parts: f"({parts[0]} {parts[1]} {parts[2]})"),
        pairs.map(lambda pair: f"max({pair[0]}, {pair[1]})"),
        pairs.map(lambda pair: f"{pair[0]} if ({pair[1]}) else a"),
        inner.map(lambda one: f"(not {one})"),
        inner.map(lambda one: f"total[{one}]"),
        inner.map(lambda one: f"[x for x in ({one}) if x]").map(lambda text: f"({text})"),
        inner.map(lambda one: f"a[{one}:]"),
        inner.map(lambda one: f"(\n        {one}  # why\n    )"),
        inner.map(lambda one: f"f'{{{'a'}}} é' + str({one})"),
    )


EXPRESSIONS = st.recursive(ATOMS, _grown, max_leaves=4).map(lambda text: f"({text})")
STATEMENTS = st.one_of(
    EXPRESSIONS.map(lambda text: f"total = {text}"),
    EXPRESSIONS.map(lambda text: f"total += {text}  # é"),
    EXPRESSIONS.map(lambda text: f"if {text}:\n        return a\n    else:\n        b = 1"),
    EXPRESSIONS.map(lambda text: f"for x in {text}:\n        total(x)\n        break"),
    EXPRESSIONS.map(lambda text: f"return {text}"),
)


@settings(max_examples=12, deadline=None)
@given(st.lists(STATEMENTS, min_size=1, max_size=3), st.sampled_from(["\n", "\r\n"]))
def test_every_candidate_parses_and_differs_in_one_span(bodies: list[str], ending: str) -> None:
    text = "é = 1\n\n\ndef f(a, b=2):\n    " + "\n    ".join(bodies) + "\n\n\nend = f\n"
    text = text.replace("\n", ending)
    source = Source(text)
    # The lines of the function alone.
    lines = range(4, text.count("\n") - 2)
    for candidate in candidates(source, lines, dict.fromkeys(lines, 1.0), 10**6):
        edit = candidate.edit
        ast.parse(candidate.text)
        assert candidate.text != text
        assert candidate.text == text[: edit.start] + edit.new + text[edit.end :]
        assert candidate.text.startswith(f"é = 1{ending}")
        assert candidate.text.endswith(f"end = f{ending}")
