"""Tests of what becomes of the data set's rows, and of what an agent may never see of them."""

import json
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from envs import quixbugs
from envs.benchmarks import HUMANEVALFIX
from envs.humanevalfix.instance import Instance, Sealed, Setting, make_repository
from envs.humanevalfix.languages import BY_NAME, LANGUAGES
from envs.humanevalfix.reader import HUB_NAME, Row, problem_of, read
from trajectories.errors import UsageError

CANARY = "canary_7f3a"


def all_text(instance: Instance) -> str:
    """Return everything an instance can tell, by whatever way it is asked."""
    told = [repr(instance), str(instance), instance.test_command, instance.file]
    told += [repr(getattr(instance, field.name)) for field in fields(instance)]
    told += [path + data.decode() for path, data in instance.files().items()]
    return "\n".join(told)


def test_an_instance_is_a_file_with_the_fault_its_documentation_and_the_visible_tests(
    language, problems
) -> None:
    first, _ = problems(language)
    instance = first.instance
    assert instance.id == f"{BY_NAME[language].prefix}/1"
    text = instance.contents[instance.file]
    assert instance.entry_point in text
    assert "widest gap between neighbours" in text
    assert f"`{instance.entry_point}` in `{instance.file}`" in instance.statement
    assert len(instance.visible) == 1
    assert "5" in instance.visible[0]
    assert "17" not in all_text(instance)


def test_the_right_body_in_the_example_field_does_not_become_a_visible_test(problems) -> None:
    instance = problems("python")[0].instance
    assert "max(" not in all_text(instance)
    assert instance.visible == ("assert widest_gap([1, 9, 4]) == 5",)


def test_without_a_test_among_the_examples_those_of_the_documentation_are_taken(problems) -> None:
    instance = problems("python")[1].instance
    assert instance.visible == ("assert mirrored('Level') == True",)
    assert "check(mirrored)" in instance.contents["main.py"]


def test_examples_in_the_documentation_become_visible_tests_of_rust(problems) -> None:
    first, second = problems("rust")
    assert first.instance.visible == ("assert_eq!(widest_gap(vec![1, 9, 4]), 5);",)
    assert second.instance.visible == ()
    assert "#[test]" not in second.instance.contents["main.rs"]


def test_the_setting_with_tests_shows_them_and_no_documentation(language, rows, write_rows) -> None:
    data = write_rows(rows(language))
    instance = read(data, language, Setting.TESTS)[0].instance
    assert instance.setting == "tests"
    assert "17" in "".join(instance.contents.values())
    assert "17" in instance.statement
    assert "widest gap between neighbours" not in all_text(instance)


@pytest.mark.parametrize("name", ["java", "cpp"])
def test_a_program_without_visible_tests_still_builds(name, rows) -> None:
    row = Row.model_validate({**rows(name)[0], "example_test": ""})
    instance = problem_of(row, name, Setting.DOCSTRING).instance
    assert instance.visible == ()
    assert "main(" in instance.contents[instance.file]


def test_an_entry_point_is_spelled_as_the_program_spells_it(rows, write_rows) -> None:
    row = rows("java")[0] | {"entry_point": "WIDESTGAP"}
    assert read(write_rows([row]), "java")[0].instance.entry_point == "widestGap"


def test_what_is_sealed_does_not_show_in_its_own_repr(language, problems) -> None:
    sealed = problems(language)[0].sealed
    assert repr(sealed) == f"Sealed(id={sealed.id!r})"
    assert not {field.type for field in fields(Instance)} & {Sealed, "Sealed"}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(place=st.floats(0, 1), which=st.sampled_from(["test", "canonical_solution", "bug_type"]))
def test_a_canary_in_what_is_sealed_reaches_no_part_of_an_instance(language, rows, place, which) -> None:
    for row in rows(language):
        at = int(place * len(row[which]))
        planted = row | {which: row[which][:at] + CANARY + row[which][at:]}
        instance, sealed = problem_of(Row.model_validate(planted), language, Setting.DOCSTRING)
        assert CANARY in (sealed.tests + sealed.reference + sealed.bug_type)
        assert CANARY not in all_text(instance)


def test_a_canary_reaches_no_instance_of_all_the_real_rows(language, real_data) -> None:
    for line in (real_data / "humanevalfix" / f"{language}.dev.jsonl").read_bytes().splitlines():
        row = json.loads(line)
        for which in ("test", "canonical_solution", "bug_type", "failure_symptoms", "instruction"):
            row[which] = f"{CANARY}\n{row[which]}\n{CANARY}"
        instance, _ = problem_of(Row.model_validate(row), language, Setting.DOCSTRING)
        assert CANARY not in all_text(instance)


def test_no_instance_of_the_real_rows_holds_a_line_that_only_the_right_solution_has(
    language, real_data
) -> None:
    for line in (real_data / "humanevalfix" / f"{language}.dev.jsonl").read_bytes().splitlines():
        row = json.loads(line)
        shown = row["prompt"] + row["buggy_solution"]
        right = [part.strip() for part in row["canonical_solution"].splitlines() if len(part.strip()) > 12]
        text = all_text(problem_of(Row.model_validate(row), language, Setting.DOCSTRING).instance)
        assert [part for part in right if part not in shown and part in text] == []


def test_the_real_quixbugs_rows_show_their_documentation_and_hide_their_tests(real_data) -> None:
    path = real_data / "quixbugs" / "python.dev.jsonl"
    problems = quixbugs.read(str(path))
    assert len(problems) == 15
    for line, (instance, sealed) in zip(path.read_bytes().splitlines(), problems, strict=True):
        row = quixbugs.Row.model_validate_json(line)
        planted = row.model_copy(update={"tests": CANARY + row.tests, "solution": row.solution + CANARY})
        assert CANARY not in all_text(quixbugs.problem_of(planted, Setting.DOCSTRING).instance)
        assert '"""' in instance.contents["main.py"]
        assert sealed.tests == row.tests
        compile(instance.contents["main.py"], "main.py", "exec")


def test_an_instance_becomes_a_repository_with_one_commit(language, problems, tmp_path) -> None:
    instance = problems(language)[0].instance
    commit = make_repository(instance, tmp_path / "one")
    assert make_repository(instance, tmp_path / "two") == commit
    listed = subprocess.run(
        ["git", "ls-tree", "-r", "--name-only", commit], cwd=tmp_path / "one", capture_output=True, check=True
    )
    assert listed.stdout.decode().split() == sorted(instance.files())


def refused(data: str, language="python") -> str:
    with pytest.raises(UsageError) as caught:
        read(data, language)
    message = str(caught.value)
    assert "\n" not in message
    assert message.endswith(".")
    return message


def test_a_missing_field_is_named_with_its_line(rows, write_rows) -> None:
    first, second = rows("python")
    del second["test"]
    assert "Line 2 of" in (message := refused(write_rows([first, second])))
    assert "the field 'test' is missing" in message


def test_a_corrupt_line_is_named_by_its_number(rows, write_rows) -> None:
    data = Path(write_rows(rows("python")))
    data.write_text(data.read_text() + "\n{half of a row\n")
    assert refused(str(data)).startswith(f"Line 4 of {data} is no task: it is not JSON")


def test_a_second_row_of_an_id_is_refused(rows, write_rows) -> None:
    assert "a second 'Python/1'" in refused(write_rows(rows("python") + rows("python")))


def test_rows_of_another_language_are_refused(rows, write_rows) -> None:
    message = refused(write_rows(rows("go")), "rust")
    assert "'Go/1', which is none of rust" in message
    assert "--language" in message


@pytest.mark.parametrize("value", [None, 3, "two words", ""])
def test_an_entry_point_that_is_no_name_is_refused_without_showing_the_row(value, rows, write_rows) -> None:
    row = rows("python")[0] | {"entry_point": value, "test": CANARY}
    message = refused(write_rows([row]))
    assert "'entry_point' is not right" in message
    assert CANARY not in message


def test_a_file_that_is_not_there_and_an_empty_one_are_told(tmp_path) -> None:
    assert "can't be read (No such file or directory)" in refused(str(tmp_path / "none.jsonl"))
    (tmp_path / "empty.jsonl").write_text("\n\n")
    assert "There are no tasks in" in refused(str(tmp_path / "empty.jsonl"))


def test_a_language_that_does_not_exist_is_told_with_those_that_do() -> None:
    with pytest.raises(UsageError, match="'perl' in HumanEvalFix; choose one of python, js, java, go, cpp"):
        HUMANEVALFIX.language_named("perl")
    assert [HUMANEVALFIX.language_named(name) for name in LANGUAGES] == list(LANGUAGES)


def test_a_hub_that_can_not_be_reached_is_told_in_one_sentence(tmp_path) -> None:
    pytest.importorskip("huggingface_hub", reason="the extra local is not installed")
    script = (
        "from envs.humanevalfix.reader import read\n"
        "from trajectories.errors import UsageError\n"
        f"try: read({HUB_NAME!r}, 'python')\n"
        "except UsageError as error: print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path), "HOME": str(tmp_path), "PATH": ""},
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=True,
    )
    (line,) = done.stdout.splitlines()
    assert line.startswith(f"{HUB_NAME} can't be had from the hub (")
    assert line.endswith("give the path of a JSON-lines file.")
