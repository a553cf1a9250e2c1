"""One text through every kind of check: a script, docstring examples, tests, probes."""

# mypy: ignore-errors
import ast
import builtins
import doctest
import itertools
import linecache
import math
import os
import sys
import time
import types
import zlib

from .checks import literal
from .loading import Substitute, forget, load_target
from .pieces import pieces_of
from .recording import _ADDRESS, Recorder, TooLong, honest, shown, told
from .tests import run_tests
from .values import Values

PROBE_SECONDS = 0.2
PROBES_SECONDS = 1.5


def run_script(job, recorder, text, number):
    """Execute a script with its asserts recorded; return its module."""
    file = os.path.join(job["root"], job["script"])
    codes = pieces_of(job, text, number)
    module = types.ModuleType("__main__")
    module.__file__ = file
    module.__builtins__ = builtins
    module.__patchwright__ = recorder
    sys.modules["__main__"] = module
    sys.argv = [file]
    recorder.arm(recorder.limit)
    if recorder.trace and job["script"] == job["path"]:
        recorder.say({"script": True})
    try:
        for code in codes:
            exec(code, module.__dict__)
    except TooLong:
        recorder.late = True
        recorder.say({"stop": "the program did not end"})
    except SystemExit as error:
        if error.code not in (None, 0) or not job["asserts"]:
            good = error.code in (None, 0)
            recorder.say({"stop": "" if good else f"it ended with exit code {error.code}"})
            if not job["asserts"] and good:
                recorder.check(job["script"], True)
    except BaseException as error:
        where = ""
        trace = error.__traceback__
        while trace is not None:
            if trace.tb_frame.f_code.co_filename == recorder.target:
                where = f" (line {trace.tb_lineno})"
            trace = trace.tb_next
        kind = "stop" if recorder.told or not isinstance(error, (NameError, ImportError)) else "e"
        recorder.say({kind: told(error) + where})
        recorder.broken = kind == "e"
    else:
        if not job["asserts"]:
            recorder.check(job["script"], True)
    finally:
        recorder.disarm()
    return module


def run_examples(job, recorder, module):
    """Run the examples of docstrings against a module."""
    spaces = {}
    recorder.arm(recorder.limit)
    for example in job["examples"]:
        space = spaces.setdefault(example["group"], dict(vars(module)))
        if recorder.late:
            return
        run_example(recorder, example, space)


EXAMPLES = {}


def compiled_example(source):
    code = EXAMPLES.get(source)
    if code is None:
        tree = ast.parse(source)
        if len(tree.body) == 1 and isinstance(tree.body[0], ast.Expr):
            code = compile(ast.Expression(tree.body[0].value), "<example>", "eval")
        else:
            code = compile(tree, "<example>", "exec")
        EXAMPLES[source] = code
    return code


def run_example(recorder, example, space):
    wanted, source = example["wanted"], example["source"]
    code = compiled_example(source)
    printed = []
    key = example["id"]
    call = " ".join(source.split())[:160]
    recorder.begin()
    space["print"] = lambda *values, **more: printed.append(
        more.get("sep", " ").join(str(value) for value in values) + more.get("end", "\n")
    )
    value = None
    try:
        value = eval(code, space)
        if value is not None:
            if isinstance(value, types.GeneratorType):
                value = list(itertools.islice(value, 1000))
        text = "".join(printed) + ("" if value is None else repr(value) + "\n")
        good = not wanted or same(value, text, wanted)
        recorder.done()
    except TooLong:
        recorder.done()
        recorder.late = True
        recorder.check(key, False, call + " did not end")
        return
    except BaseException as error:
        recorder.done()
        good = wanted.startswith("Traceback") and wanted.split("\n")[-1].startswith(type(error).__name__)
        good = good or (not example["prompt"] and wanted == type(error).__name__)
        recorder.check(key, good, "" if good else call + " raised " + told(error))
        return
    if wanted:
        got = shown(value) if value is not None else repr("".join(printed))[:160]
        if value is None and not printed:
            got = "None"
        message = (
            "" if good else "{} returned {}, expected {}".format(call, got, " ".join(wanted.split())[:160])
        )
        recorder.check(key, good, message)


def same(value, text, wanted):
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    if doctest.OutputChecker().check_output(wanted + "\n", text, flags):
        return True
    is_literal, right = literal(" ".join(wanted.split("\n")))
    return is_literal and near(value, right)


def near(value, right):
    if isinstance(right, float) and isinstance(value, (int, float)) and not isinstance(value, bool):
        return value == right or math.isclose(value, right, rel_tol=1e-6, abs_tol=1e-9)
    if type(value) in (list, tuple) and type(value) is type(right) and len(value) == len(right):
        return all(near(one, other) for one, other in zip(value, right))
    if isinstance(value, bool) != isinstance(right, bool):
        return False
    return bool(value == right) and honest(value, right)


def run_text(job, text, say, trace=False, number=-1):
    """Run one text through every suite, then the probes."""
    cpu = job["cpu"] * (3 if trace else 1)
    recorder = Recorder(say, cpu, Substitute.target, trace)
    recorder.each = bool(job["ids"]) or trace
    recorder.limit = cpu if not job["ids"] else max(cpu, 10.0)
    if trace and job["leaders"]:
        recorder.values = Values(job["leaders"], *job["span"])
    Recorder.current = recorder
    Substitute.text = text
    try:
        if job["script"] == job["path"]:
            pieces_of(job, text, number) if number < 0 else None
        else:
            compile(text, job["path"], "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        say({"e": told(error)})
        return
    linecache.cache[Substitute.target] = (len(text), None, text.splitlines(True), Substitute.target)
    forget(job["root"])
    module = None
    if trace:
        sys.settrace(recorder.call)
    if job["script"]:
        try:
            module = run_script(job, recorder, text, number)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            say({"e": told(error)})
            return
        if recorder.broken:
            return
    if job["ids"]:
        run_tests(job, recorder)
    if (job["examples"] or job["probes"]) and not recorder.late:
        try:
            if module is None or job["script"] != job["path"]:
                recorder.arm(recorder.limit)
                module = load_target(job)
                recorder.done()
        except BaseException as error:
            recorder.done()
            say({"e": told(error)})
            return
        run_examples(job, recorder, module)
        recorder.disarm()
    if recorder.imported:
        say({"imported": recorder.imported})
    if job["probes"] and module is not None:
        # A slow function is told apart by its first answers, and not waited for at each of them.
        end = time.process_time() + PROBES_SECONDS
        for probe in job["probes"]:
            said = probed(recorder, module, probe) if time.process_time() < end else "did not end"
            say({"p": said})


def probed(recorder, module, probe):
    """Return a bounded text of what a call gives: its value, or the error's name."""
    space = vars(module)
    try:
        node = ast.parse(probe, mode="eval").body
        recorder.arm(PROBE_SECONDS)
        given = None
        if isinstance(node, ast.Call) and not any(isinstance(part, ast.Starred) for part in node.args):
            function = evaluated(node.func, space)
            given = [evaluated(part, space) for part in node.args]
            value = function(
                *given, **{word.arg: evaluated(word.value, space) for word in node.keywords if word.arg}
            )
        else:
            value = evaluated(node, space)
        if hasattr(type(value), "__next__"):
            value = list(itertools.islice(value, 200))
        text = repr(value)
        if value is None and given:
            text += " leaving " + repr(given)
        recorder.disarm()
    except TooLong:
        recorder.disarm()
        return "did not end"
    except BaseException as error:
        recorder.disarm()
        return type(error).__name__
    text = _ADDRESS.sub("0x", text)
    if len(text) > 200:
        text = "{}...{:08x}".format(text[:200], zlib.crc32(text.encode("utf-8", "replace")))
    return text


def evaluated(node, space):
    return eval(compile(ast.Expression(node), "<probe>", "eval"), space)
