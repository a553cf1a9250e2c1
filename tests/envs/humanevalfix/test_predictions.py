"""Tests of what may be handed in for a task, and how it is read."""

import json
import subprocess

import pytest

from envs.humanevalfix.instance import make_repository
from envs.humanevalfix.predictions import apply, read_predictions
from trajectories.errors import UsageError


@pytest.fixture
def write(tmp_path):
    def lines(*rows: object) -> str:
        path = tmp_path / "predictions.jsonl"
        path.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows) + "\n")
        return str(path)

    return lines


@pytest.fixture
def tasks(problems):
    return problems("python")


@pytest.fixture
def fix(tasks, tmp_path) -> str:
    """A patch that makes the first task's program right, as git writes it."""
    folder = tmp_path / "repository"
    make_repository(tasks[0].instance, folder)
    text = (folder / "main.py").read_text()
    (folder / "main.py").write_text(text.replace("min(gaps", "max(gaps"))
    done = subprocess.run(["git", "diff"], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout


def test_gold_and_buggy_stand_for_the_programs_of_the_data(tasks) -> None:
    gold, buggy = read_predictions("gold", tasks), read_predictions("buggy", tasks)
    assert [prediction.text for prediction in gold] == [task.sealed.reference for task in tasks]
    assert all("max(gaps" in (gold[0].text or "") for _ in gold)
    assert "min(gaps" in (buggy[0].text or "")


def test_a_patch_and_a_file_say_the_same(tasks, fix, write) -> None:
    patched = {
        "instance_id": "Python/1",
        "model_patch": fix,
        "model_name_or_path": "m",
        "calls": 3,
        "tokens": 9,
    }
    (first, second) = read_predictions(write(patched), tasks)
    assert first.text is not None
    assert "max(gaps" in first.text
    assert (first.calls, first.tokens, first.sample) == (3, 9, 0)
    assert (second.text, second.note) == (None, "there is no line for it")
    whole = {"instance_id": "Python/1", "files": {"main.py": first.text}}
    assert read_predictions(write(whole), tasks)[0].text == first.text


def test_several_lines_of_an_instance_are_its_samples(tasks, write) -> None:
    line = {"instance_id": "Python/2", "files": {"main.py": "x"}}
    assert [prediction.sample for prediction in read_predictions(write(line, line, line), tasks)] == [
        0,
        0,
        1,
        2,
    ]


@pytest.mark.parametrize(
    ("patch", "note"),
    [
        ("", "the patch is empty"),
        (" \n", "the patch is empty"),
        (None, "the patch is empty"),
        ("no diff at all", "the patch does not apply"),
        (
            "diff --git a/../outside b/../outside\nnew file mode 100644\n--- /dev/null\n+++ b/../outside\n"
            "@@ -0,0 +1 @@\n+x\n",
            "the patch does not apply",
        ),
    ],
)
def test_a_patch_that_changes_nothing_is_no_prediction_and_no_failure_of_the_scoring(
    patch, note, tasks, write
) -> None:
    row = {"instance_id": "Python/1", "model_patch": patch}
    prediction = read_predictions(write(row), tasks)[0]
    assert (prediction.text, prediction.note) == (None, note)


def test_a_link_in_place_of_the_file_is_not_followed(tasks, tmp_path) -> None:
    folder = tmp_path / "linked"
    make_repository(tasks[0].instance, folder)
    (folder / "main.py").unlink()
    (folder / "main.py").symlink_to("/etc/passwd")
    done = subprocess.run(["git", "diff"], cwd=folder, capture_output=True, text=True, check=True)
    assert apply(done.stdout, tasks[0].instance) == (None, "the patch leaves no file main.py")


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("{", "Line 2 of .* is no prediction: it is not JSON"),
        ({"model_patch": ""}, "Line 2 of .* the field 'instance_id' is missing"),
        ({"instance_id": "Python/1"}, "it has neither files nor model_patch"),
        ({"instance_id": "Python/1", "files": {}, "model_patch": "x"}, "it has both files and model_patch"),
        ({"instance_id": "Python/1", "files": {"main.py": 3}}, "the field 'files.main.py' is not right"),
        ({"instance_id": "Python/9", "files": {}}, "is for 'Python/9', which is not among the tasks"),
    ],
)
def test_a_line_that_is_no_prediction_is_named(row, said, tasks, write) -> None:
    good = {"instance_id": "Python/1", "files": {"main.py": ""}}
    with pytest.raises(UsageError, match=said) as caught:
        read_predictions(write(good, row), tasks)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_is_told_with_what_may_stand_in_its_place(tasks, tmp_path) -> None:
    with pytest.raises(UsageError, match=r"can't be read .* give a JSON-lines file, gold or buggy\.$"):
        read_predictions(str(tmp_path / "none"), tasks)
