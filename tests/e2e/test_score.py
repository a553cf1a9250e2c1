"""`patchwright score` as a user starts it."""

import json
from pathlib import Path

import pytest

from agent.score import rebuild
from agent.settings import default_toml
from trajectories.errors import UsageError
from trajectories.scores import Results

ROWS = Path(__file__).parents[1] / "envs" / "humanevalfix" / "rows"


@pytest.fixture
def data(tmp_path: Path) -> str:
    """The made-up Python tasks as the data set's files are written."""
    path = tmp_path / "data.jsonl"
    rows = json.loads((ROWS / "python.json").read_text(encoding="utf-8"))
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(path)


def told(error: bytes) -> str:
    text = error.decode()
    assert "Traceback" not in text
    assert "a fault of Patchwright" not in text
    return text


def test_golden_predictions_score_all_and_the_results_can_be_made_again(cli, data, tmp_path) -> None:
    out = tmp_path / "out"
    done = cli(
        "score", "humanevalfix", "--data", data, "--predictions", "gold", "--sandbox", "unsafe",
        "--out", str(out),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "2 resolved, 0 unresolved, 0 without a verdict" in done.stdout.decode()
    assert "nothing is isolated" in told(done.stderr)
    assert "2/2 Python/" in told(done.stderr)
    results = Results.model_validate_json((out / "results.json").read_bytes())
    about = {"benchmark": "humanevalfix", "language": "python", "setting": "docstring", "predictions": "gold"}
    assert rebuild(out, **about) == results
    (out / "instances.jsonl").write_text("{}\n")
    with pytest.raises(UsageError, match="a line that is no score"):
        rebuild(out, **about)


def test_buggy_predictions_score_none_and_json_stands_alone_on_stdout(cli, data) -> None:
    done = cli(
        "score", "humanevalfix", "--data", data, "--predictions", "buggy", "--limit", "1", "--json",
        "--sandbox", "unsafe",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    results = Results.model_validate_json(done.stdout)
    assert (results.total, results.unresolved) == (1, 1)


def test_what_the_machine_lacks_ends_with_3(cli, tmp_path) -> None:
    rows = json.loads((ROWS / "go.json").read_text(encoding="utf-8"))
    data = tmp_path / "go.jsonl"
    data.write_text(json.dumps(rows[0]) + "\n", encoding="utf-8")
    done = cli(
        "score", "humanevalfix", "--data", str(data), "--language", "go", "--predictions", "gold",
        "--sandbox", "unsafe",
        environment={"PATH": _path_with_python(tmp_path)},
    )  # fmt: skip
    assert done.returncode == 3, done.stderr
    assert "Go/1: toolchain missing (go, testify)" in done.stdout.decode()
    assert "0 resolved, 0 unresolved, 1 without a verdict" in done.stdout.decode()


def _path_with_python(folder: Path) -> str:
    """Return a PATH with the shell's basics and Python, and no compilers."""
    programs = folder / "programs"
    programs.mkdir()
    for name in ("python3", "sh", "bash", "git", "env", "cat", "ls", "test"):
        found = next((path for path in (Path("/usr/bin") / name, Path("/bin") / name) if path.exists()), None)
        if found is not None:
            (programs / name).symlink_to(found)
    return str(programs)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (["--data", "nowhere.jsonl"], "The data nowhere.jsonl can't be read (No such file or directory)"),
        (["--language", "perl"], "There is no language 'perl' in HumanEvalFix"),
        (["--language", "go"], "is the task 'Python/1', which is none of go"),
        (["--setting", "all"], "There is no setting 'all'; choose docstring or tests."),
        (["--predictions", "none.jsonl"], "The predictions none.jsonl can't be read"),
        (["--sandbox", "moon"], "moon"),
    ],
)
def test_bad_input_is_one_sentence_and_ends_with_2(changed, said, cli, data) -> None:
    arguments = {"--data": data, "--predictions": "gold", "--sandbox": "unsafe"} | dict([changed])
    done = cli("score", "humanevalfix", *(part for pair in arguments.items() for part in pair))
    assert done.returncode == 2, done.stderr
    (line,) = told(done.stderr).splitlines()
    assert said in line
    assert done.stdout == b""


PROGRAMS = [
    {
        "name": name,
        "buggy_program": f"def {name}(a, b):\n    return a {wrong} b\n",
        "docstring": f'"""\nReturn the {name}.\n\n>>> {name}(6, 3)\n{value}\n"""',
        "solution": f"def {name}(a, b):\n    return a {right} b\n",
        "tests": tests,
    }
    for name, wrong, right, value, tests in (
        ("product", "+", "*", 18, "assert product(6, 3) == 18\nassert product(0, 2) == 0\n"),
        # Some tests of the data are functions which nobody calls.
        ("difference", "+", "-", 3, "def test1():\n    assert difference(6, 3) == 3\n"),
    )
]


@pytest.fixture
def programs(tmp_path: Path) -> str:
    """Two made-up programs as QuixBugs' files are written."""
    path = tmp_path / "programs.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in PROGRAMS), encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(("predictions", "resolved"), [("gold", 2), ("buggy", 0)])
def test_quixbugs_is_scored_in_the_same_way(cli, programs, predictions, resolved) -> None:
    done = cli("score", "quixbugs", "--data", programs, "--predictions", predictions, "--sandbox", "unsafe")
    assert done.returncode == 0, done.stderr
    assert (
        f"quixbugs python, setting docstring: {resolved} resolved, {2 - resolved} unr" in done.stdout.decode()
    )


def test_quixbugs_is_read_in_python_only(cli, programs) -> None:
    done = cli("score", "quixbugs", "--data", programs, "--predictions", "gold", "--language", "js")
    assert done.returncode == 2
    assert told(done.stderr) == (
        "patchwright: There is no language 'js' in QuixBugs; choose one of python.\n"
    )


def test_a_batch_over_quixbugs_goes_on_where_it_was_and_refuses_another_benchmarks_folder(
    cli, programs, data, tmp_path
) -> None:
    out = str(tmp_path / "out")
    shared = ["--out", out, "--sandbox", "unsafe", "--strategy", "repair", "--model", cli.script()]
    done = cli("batch", "quixbugs", "--data", programs, *shared)
    assert done.returncode == 0, done.stderr
    assert "quixbugs python, setting docstring: 2 resolved" in done.stdout.decode()
    assert "2/2 QuixBugs/" in told(done.stderr)
    again = cli("batch", "quixbugs", "--data", programs, *shared)
    assert "no prediction" not in told(again.stderr)
    assert "visible tests" not in told(again.stderr)
    assert "2 resolved" in again.stdout.decode()
    other = cli("batch", "humanevalfix", "--data", data, *shared)
    assert (other.returncode, other.stdout) == (2, b"")
    assert told(other.stderr) == (
        f"patchwright: {out} holds another batch: its benchmark is 'quixbugs', not 'humanevalfix', its tasks "
        "are others; name another --out.\n"
    )


@pytest.mark.parametrize(
    ("settings", "strategy"),
    [
        ("", "auto"),
        ('[strategy]\nname = "repair"\n', "repair"),
        ('[strategy]\nname = "react+reflexion"\n', "react+reflexion"),
        (default_toml(), "auto"),
    ],
    ids=["nobody", "repair", "the default by name", "the shipped file"],
)
def test_the_strategy_of_a_settings_file_wins_over_auto(cli, programs, tmp_path, settings, strategy) -> None:
    (cli.folder / "agent.toml").write_text(settings, encoding="utf-8")
    broken = cli.script({"error": "rejected", "message": "no"})
    done = cli(
        "batch", "quixbugs", "--data", programs, "--limit", "1", "--out", str(tmp_path / "out"),
        "--sandbox", "unsafe", "--model", broken,
    )  # fmt: skip
    assert done.returncode in {0, 3}, done.stderr
    about = json.loads((tmp_path / "out" / "batch.json").read_text("utf-8"))
    assert about["strategy"]["name"] == strategy
    assert about["memory"] == {"reflections": 3}
