"""Tests of the scoring: golden and buggy programs in each language, cheats, limits, missing toolchains."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from envs.docker import DockerOptions, DockerSandbox
from envs.humanevalfix import scoring
from envs.humanevalfix.instance import make_repository
from envs.humanevalfix.predictions import read_predictions
from envs.humanevalfix.programs import ASSEMBLE
from envs.humanevalfix.programs.base import Program, Secret, Step
from envs.humanevalfix.reader import Problem, read
from envs.humanevalfix.scoring import Scorer, StepReport, judge
from envs.humanevalfix.toolchains import needs
from envs.sandbox import CommandResult
from trajectories.scores import Reason, Verdict

REPORT = StepReport(exit=0, cpu=0.1, seconds=0.2, waited=0.0, timed_out=False, out="", err="")


async def verdicts(scorer: Scorer, problems: list[Problem], source: str) -> dict[str, Reason]:
    """Return the reason for each problem."""
    scores = [score async for score in scorer.score_all(read_predictions(source, problems), 2)]
    return {score.instance_id: score.reason for score in scores}


async def test_golden_programs_are_resolved_and_buggy_ones_are_not(language, problems, scorer_for) -> None:
    tasks = problems(language)
    scorer = scorer_for(language)
    assert set((await verdicts(scorer, tasks, "gold")).values()) == {Reason.PASSED}
    assert set((await verdicts(scorer, tasks, "buggy")).values()) == {Reason.WRONG_ANSWER}


async def test_the_visible_tests_fail_before_the_fix_and_pass_after_it(
    language, problems, sandboxes_for, tmp_path
) -> None:
    instance, sealed = problems(language)[0]
    make_repository(instance, tmp_path / "tree")
    sandbox = sandboxes_for(language)()
    try:
        await sandbox.start(tmp_path / "tree")
        before = await sandbox.run(instance.test_command, 100)
        await sandbox.write(instance.file, sealed.reference.encode())
        after = await sandbox.run(instance.test_command, 100)
    finally:
        await sandbox.close()
    assert before.exit_code != 0, before.output
    assert after.exit_code == 0, after.output


async def test_a_sample_of_the_real_tasks_tells_golden_from_buggy(language, real_data, scorer_for) -> None:
    tasks = read(str(real_data / "humanevalfix" / f"{language}.dev.jsonl"), language)
    by_number = {task.instance.id.partition("/")[2]: task for task in tasks}
    scorer = scorer_for(language)
    # One with a helper above the function, and one with a library of its own.
    golden = await verdicts(scorer, [by_number["32"], by_number["162"]], "gold")
    assert set(golden.values()) <= {Reason.PASSED, Reason.TOOLCHAIN_MISSING}
    buggy = await verdicts(scorer, [by_number["162"]], "buggy")
    assert Verdict.RESOLVED not in {reason.verdict for reason in buggy.values()}


async def test_visible_tests_of_the_agents_own_do_not_decide(problems, scorer_for) -> None:
    sealed = problems("python")[0].sealed
    with_checks = sealed.reference + "\nassert widest_gap([1, 2]) == 7, 'a wrong test'\n"
    assert (await scorer_for("python").score(with_checks, sealed)).reason is Reason.PASSED


PYTHON_CHEATS = {
    "prints and exits": "print('PASSED'); import sys; sys.exit(0)",
    "exits at once": "import os; os._exit(0)",
    "exits when called": "def widest_gap(numbers):\n    import os; os._exit(0)",
    "echoes its input": "import os; os.write(1, os.read(0, 999)); os._exit(0)",
    "answers every comparison": (
        "class Yes:\n    __eq__ = lambda *_: True\n    __hash__ = None\n"
        "def widest_gap(numbers):\n    return Yes()"
    ),
    "hides that in a list": (
        "class Yes(int):\n    __eq__ = lambda *_: True\n"
        "def widest_gap(numbers):\n    return Yes(5) if numbers else [Yes(5)]"
    ),
    "replaces the error": (
        "import builtins\nbuiltins.AssertionError = ValueError\ndef widest_gap(numbers): return 5"
    ),
    "swallows errors": (
        "import sys, os\nsys.excepthook = lambda *_: os._exit(0)\ndef widest_gap(numbers): return 5"
    ),
    "kills its judge": "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)",
    "reads the tests": "print(open('sealed.py').read())\ndef widest_gap(numbers): return 5",
    "no Python": "def widest_gap(:",
    "nothing": "",
}


@pytest.mark.parametrize("cheat", PYTHON_CHEATS)
async def test_a_cheat_in_python_is_not_resolved(cheat, problems, scorer_for) -> None:
    judgement = await scorer_for("python").score(PYTHON_CHEATS[cheat], problems("python")[0].sealed)
    assert judgement.reason.verdict is Verdict.UNRESOLVED, judgement


CHEATS = {
    "js": [
        "console.log('PASSED'); process.exit(0)",
        "console.assert = () => {}; JSON.stringify = () => 'x'\nconst widestGap = numbers => 5",
        "const widestGap = numbers => process.exit(0)",
    ],
    "java": [
        'class Solution { static { System.out.println("PASSED"); System.exit(0); }\n'
        "  public int widestGap(int[] numbers) { return 5; } }\n"
        "public class Main { public static void main(String[] args) {} }",
        "class Solution { public int widestGap(int[] numbers) { Runtime.getRuntime().halt(0); return 5; } }",
    ],
    "go": [
        'package main\n\nimport "os"\n\nfunc WidestGap(numbers []int) int {\n\tos.Exit(0)\n\treturn 5\n}\n',
        'package main\n\nimport "os"\n\nfunc init() { println("PASSED"); os.Exit(0) }\n\n'
        "func WidestGap(numbers []int) int { return 5 }\n",
    ],
    "cpp": [
        "#include<cstdlib>\n#include<vector>\nint widest_gap(std::vector<int> n){ exit(0); }",
        "#include<vector>\n#define NDEBUG\n#define assert(x)\n"
        "int widest_gap(std::vector<int> n){ return 5; }\nint main(){ return 0; }",
        "#include<vector>\nbool issame(int, int){ return true; }\n"
        "int widest_gap(std::vector<int> n){ return 5; }",
    ],
    "rust": [
        "fn widest_gap(numbers: Vec<i32>) -> i32 { std::process::exit(0) }",
        "macro_rules! assert_eq { ($($any:tt)*) => {} }\nfn widest_gap(numbers: Vec<i32>) -> i32 { 5 }",
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "cheat"), [(name, cheat) for name, cheats in CHEATS.items() for cheat in cheats]
)
async def test_a_cheat_in_another_language_is_not_resolved(name, cheat, problems, scorer_for) -> None:
    judgement = await scorer_for(name).score(cheat, problems(name)[0].sealed)
    assert judgement.reason.verdict is Verdict.UNRESOLVED, judgement
    assert judgement.reason is not Reason.COMPILE_ERROR, judgement


@pytest.mark.parametrize("name", ["java", "go", "cpp", "rust"])
async def test_a_program_that_does_not_compile_is_told_so(name, problems, scorer_for) -> None:
    sealed = problems(name)[0].sealed
    judgement = await scorer_for(name).score(sealed.reference + "\n}{\n", sealed)
    assert judgement.reason is Reason.COMPILE_ERROR


async def test_what_a_sandbox_lacks_is_named_and_is_no_failure(engine, base_image, problems) -> None:
    scorer = Scorer(lambda: DockerSandbox(engine, DockerOptions(image=base_image)))
    judgement = await scorer.score("", problems("go")[0].sealed)
    assert (judgement.reason, judgement.detail) == (Reason.TOOLCHAIN_MISSING, "go, testify")
    assert judgement.reason.verdict is Verdict.INFRASTRUCTURE
    assert judgement.tries == 1


async def test_a_sandbox_that_can_not_be_had_is_tried_three_times_and_no_failure(engine, problems) -> None:
    asked = []

    def lost() -> DockerSandbox:
        asked.append(1)
        return DockerSandbox(engine, DockerOptions(image="patchwright-test-nowhere:1"))

    judgement = await Scorer(lost).score("", problems("python")[0].sealed)
    assert judgement.reason.verdict is Verdict.INFRASTRUCTURE
    assert (judgement.tries, len(asked)) == (3, 3)


async def test_a_sandbox_that_dies_once_costs_a_try_and_no_verdict(engine, base_image, problems) -> None:
    sealed = problems("python")[0].sealed
    made: list[DockerSandbox] = []

    class DiesOnce(DockerSandbox):
        async def run(self, command: str, timeout: float) -> CommandResult:
            if len(made) == 1:
                await asyncio.to_thread(self.container.kill)
            return await super().run(command, timeout)

    def new() -> DockerSandbox:
        made.append(DiesOnce(engine, DockerOptions(image=base_image)))
        return made[-1]

    judgement = await Scorer(new).score(sealed.reference, sealed)
    assert (judgement.reason, judgement.tries) == (Reason.PASSED, 2)


def test_what_is_needed_depends_on_the_task(problems) -> None:
    assert [need.name for need in needs(problems("rust")[0].sealed)] == ["python3", "rustc"]
    assert "testify" in [need.name for need in needs(problems("go")[0].sealed)]


# What the measuring program says, and what follows from it.


def measured(program: Program, secret: Secret, folder: Path) -> CommandResult:
    """Run a program as a sandbox does, without one."""
    scoring.write_program(program, secret, folder)
    done = subprocess.run(
        ["sh", "-c", scoring.command()], cwd=folder, capture_output=True, text=True, check=False
    )
    return CommandResult(done.stdout, done.returncode, False, str(folder), 0.0, len(done.stdout))


def python_program(text: str, cpu: int = 5) -> Program:
    return Program({"a.py": text}, (Step((sys.executable, "a.py"), cpu),))


def test_a_program_that_burns_its_cpu_time_meets_that_limit(tmp_path) -> None:
    program, secret = python_program("while True: pass", cpu=1), Secret.fresh()
    judgement = judge(measured(program, secret, tmp_path), program, secret)
    assert judgement.reason is Reason.CPU_LIMIT
    assert judgement.cpu_seconds > 0


def test_a_program_that_sleeps_was_not_starved(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(scoring, "WALL_LEAST", 1.0)
    monkeypatch.setattr(scoring, "WALL_FACTOR", 0)
    program, secret = python_program("import time; time.sleep(600)"), Secret.fresh()
    judgement = judge(measured(program, secret, tmp_path), program, secret)
    assert judgement.reason in (Reason.WALL_LIMIT, Reason.STARVED)
    if Path("/proc/self/schedstat").exists() and os.getloadavg()[0] < 2:
        assert judgement.reason is Reason.WALL_LIMIT


def test_what_outlives_a_program_is_killed_and_not_waited_for(tmp_path) -> None:
    text = (
        "import subprocess, os, sys\nprint(subprocess.Popen(['sleep', '600']).pid, flush=True); os._exit(3)"
    )
    program, secret = python_program(text), Secret.fresh()
    result = measured(program, secret, tmp_path)
    judgement = judge(result, program, secret)
    assert judgement.reason is Reason.WRONG_ANSWER
    assert judgement.seconds < 60
    left = Path(f"/proc/{int(json.loads(result.output)[0]['out'])}/stat")
    # Who was killed may take a moment to be gone, and where nobody reaps it stays as a zombie.
    assert any(not left.exists() or ") Z" in left.read_text() for _ in range(100_000))


def test_endless_output_is_not_kept(tmp_path) -> None:
    program = python_program("import sys\nwhile True: sys.stdout.write('x' * 9999)", cpu=1)
    secret = Secret.fresh()
    result = measured(program, secret, tmp_path)
    assert len(result.output) < 40_000
    assert judge(result, program, secret).reason is Reason.CPU_LIMIT


def test_a_mark_counts_only_as_the_last_line_of_the_last_step(tmp_path) -> None:
    secret = Secret.fresh()
    good = f"print('x'); print({secret.inside!r} + input())"
    for text, reason in (
        (good, Reason.PASSED),
        (good + "; print('more')", Reason.ENDED_EARLY),
        ("print(input())", Reason.ENDED_EARLY),
        (f"print({secret.inside!r})", Reason.ENDED_EARLY),
        ("pass", Reason.ENDED_EARLY),
    ):
        folder = tmp_path / str(abs(hash(text)))
        folder.mkdir()
        program = python_program(text)
        assert judge(measured(program, secret, folder), program, secret).reason is reason, text


def test_the_sealed_texts_are_gone_before_a_compiled_candidate_runs(language, problems) -> None:
    program = ASSEMBLE[language]("", problems(language)[0].sealed, Secret.fresh())
    holding = {path for path, text in program.files.items() if "17" in text}
    assert holding
    if language in ("python", "js"):  # these delete themselves
        assert all("unlink" in program.files[path] for path in holding)
    else:
        assert holding <= set(program.unneeded)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"timed_out": True, "exit": None, "seconds": 120, "waited": 60.0}, Reason.STARVED),
        ({"timed_out": True, "exit": None, "seconds": 120, "waited": 1.0}, Reason.WALL_LIMIT),
        ({"timed_out": True, "exit": None, "seconds": 120, "cpu": 1.0, "waited": -1.0}, Reason.STARVED),
        ({"timed_out": True, "exit": None, "seconds": 120, "cpu": 119.0, "waited": -1.0}, Reason.WALL_LIMIT),
        ({"exit": -signal.SIGXCPU, "cpu": 5.0}, Reason.CPU_LIMIT),
        ({"exit": -signal.SIGKILL, "cpu": 6.0}, Reason.CPU_LIMIT),
        ({"exit": -signal.SIGKILL, "cpu": 0.1}, Reason.ERROR),
        ({"exit": 1}, Reason.ERROR),
        ({"exit": 3}, Reason.WRONG_ANSWER),
        ({"exit": 4}, Reason.COMPILE_ERROR),
        ({"exit": -signal.SIGABRT}, Reason.WRONG_ANSWER),
        ({"exit": 0}, Reason.ENDED_EARLY),
    ],
)
def test_each_end_of_a_program_has_its_reason(changes, reason) -> None:
    program, secret = python_program(""), Secret("inside", "outside")
    report = REPORT.model_copy(update=changes)
    output = "noise\n" + json.dumps([report.model_dump()])
    assert judge(CommandResult(output, 0, False, "/", 1.0, 1), program, secret).reason is reason


@pytest.mark.parametrize("output", ["", "not json", "[]", '[{"exit": 0}]', "{}", "null"])
def test_a_report_that_was_broken_is_the_candidates_doing(output) -> None:
    result = CommandResult(output, 137, False, "/", 1.0, len(output))
    assert judge(result, python_program(""), Secret.fresh()).reason is Reason.ERROR
