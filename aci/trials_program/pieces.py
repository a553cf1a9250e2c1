"""A script compiled statement by statement, its assertions turned into calls of the recorder."""

# mypy: ignore-errors
import ast
import os
import re
import sys

from .checks import assertion_keys, parameters_given


class Rewriter(ast.NodeTransformer):
    """Turns the asserts that are checks into calls of the recorder."""

    def __init__(self, chosen, source, renamed):
        self.chosen = chosen
        self.source = source
        self.renamed = renamed

    def visit_Assert(self, node):
        key = self.chosen.get(id(node))
        if key is None:
            return node
        test = node.test
        simple = isinstance(test, ast.Compare) and len(test.ops) == 1
        words = [ast.Constant(key) if sys.version_info >= (3, 8) else ast.Str(key)]
        call = self.text(test.left if simple else test)
        words.append(ast.Constant(call) if sys.version_info >= (3, 8) else ast.Str(call))
        if simple:
            words += [delayed(test.left), delayed(test.comparators[0])]
            pair = ast.Compare(ast.Name("_a", ast.Load()), [test.ops[0]], [ast.Name("_b", ast.Load())])
            words.append(delayed(pair, "_a", "_b"))
        else:
            words.append(delayed(test))
        name = "compared" if simple else "true"
        function = ast.Attribute(ast.Name("__patchwright__", ast.Load()), name, ast.Load())
        new = ast.Expr(ast.Call(function, words, []))
        return ast.fix_missing_locations(ast.copy_location(new, node))

    def text(self, node):
        try:
            text = ast.get_source_segment(self.source, node) or ""
        except Exception:
            text = ""
        text = " ".join(text.split())
        for old, new in self.renamed.items():
            text = re.sub(r"(?<![\w.])" + re.escape(old) + r"\(", new + "(", text)
        return text[:160] or "the assertion"


def delayed(expression, *names):
    arguments = ast.arguments(
        args=[ast.arg(name, None) for name in names],
        vararg=None, kwonlyargs=[], kw_defaults=[], kwarg=None, defaults=[],
    )  # fmt: skip
    if sys.version_info >= (3, 8):
        arguments.posonlyargs = []
    return ast.Lambda(arguments, expression)


class Pieces:
    """The outermost statements of a file, compiled apart: who changes one of them compiles no other."""

    def __init__(self, job, source):
        self.source = source
        file = os.path.realpath(os.path.join(job["root"], job["script"]))
        self.file = file
        tree = ast.parse(source, file)
        names = {tuple(key): name for key, name in job["asserts"]}
        chosen = {id(node): names[key] for key, node in assertion_keys(tree).items() if key in names}
        self.whole = any(
            isinstance(node, ast.ImportFrom) and node.module == "__future__" for node in tree.body
        )
        starts = []
        lengths = [0]
        for line in source.splitlines(True):
            lengths.append(lengths[-1] + len(line))
        self.checks = []
        for node in tree.body:
            first = node.decorator_list[0] if getattr(node, "decorator_list", None) else node
            starts.append(lengths[first.lineno - 1])
            self.checks.append(any(id(inner) in chosen for inner in ast.walk(node)))
        if len(set(starts)) != len(starts) or any(
            mark in source for mark in "\f\v\x1c\x1d\x1e\x85\u2028\u2029\r"
        ):
            self.whole = True
        tree = Rewriter(chosen, source, parameters_given(tree)).visit(tree)
        self.codes = [compile(module_of([node]), file, "exec", dont_inherit=True) for node in tree.body]
        self.starts = starts + [len(source)]
        self.lines = [1 + source.count("\n", 0, start) for start in starts]

    def changed(self, edit):
        """Return the codes with a change in one statement; None when it does not lie in one."""
        start, end, new = edit
        for at in range(len(self.codes)):
            first, last = self.starts[at], self.starts[at + 1]
            if first <= start and end <= last and not (end == last and start == last):
                if self.checks[at] or self.whole:
                    return None
                part = self.source[first:start] + new + self.source[end:last]
                try:
                    tree = ast.parse("\n" * (self.lines[at] - 1) + part, self.file)
                except (SyntaxError, ValueError, RecursionError, MemoryError):
                    return None
                if any(isinstance(node, ast.Assert) for node in tree.body):
                    return None
                codes = list(self.codes)
                codes[at] = compile(tree, self.file, "exec", dont_inherit=True)
                return codes
        return None


def module_of(body):
    return ast.Module(body, []) if sys.version_info >= (3, 8) else ast.Module(body)


def pieces_of(job, text, number):
    """Return a script as compiled pieces that are executed one after the other."""
    own = job["script"] == job["path"]
    kept = job.get("pieces")
    if kept is not None and (not own or number < 0):
        return kept.codes
    if kept is not None:
        codes = kept.changed(job["edits"][number])
        if codes is not None:
            return codes
    pieces = Pieces(job, text if own else job["script_source"])
    return pieces.codes
