"""`patchwright` as a user starts it: a real process, real git, real sandboxes, a script as the model."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from trajectories.errors import UsageError
from trajectories.events import (
    ActionStarted,
    Notice,
    RunEnded,
    RunStarted,
    SandboxStarted,
)
from trajectories.store import RunDirectory

HEAVY = ["litellm", "docker", "textual", "pydantic_settings", "httpx", "xllamacpp", "git"]
UNSAFE = ["--sandbox", "unsafe", "--attempts", "1"]


def git(repository: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=repository, check=True, capture_output=True, text=True)
    return done.stdout


def one_sentence(error: bytes) -> str:
    """Return what the program said, which must be one line that a person can read."""
    text = error.decode()
    assert "Traceback" not in text
    assert "a fault of Patchwright" not in text
    (line,) = text.splitlines()
    return line


# What ends how.


def test_a_resolved_issue_ends_with_0_and_its_patch_alone_on_stdout(
    cli, example, issue, fix, result_in
) -> None:
    done = cli("resolve", issue, "--repo", str(example), "--model", cli.script(fix), *UNSAFE)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(b"diff --git a/worklog/durations.py")
    subprocess.run(["git", "apply", "--check"], cwd=example, input=done.stdout, check=True)
    told = done.stderr.decode()
    for part in ("nothing is isolated", "step 1  rewrite", "tests before", "resolved"):
        assert part in told
    (run,) = cli.runs
    assert (run / "patch.diff").read_bytes() == done.stdout
    result = result_in(run)
    assert (result.status, result.exit_status, result.steps) == ("resolved", 0, 1)
    assert git(example, "status", "--porcelain") == ""


def test_with_json_stdout_holds_events_alone(cli, example, issue, fix, events_in) -> None:
    done = cli("resolve", issue, "--repo", str(example), "--model", cli.script(fix), "--json", *UNSAFE)
    assert done.returncode == 0, done.stderr
    events = events_in(done.stdout)
    assert isinstance(events[0], RunStarted)
    assert isinstance(events[-1], RunEnded)
    assert [event.sequence for event in events] == list(range(len(events)))
    (run,) = cli.runs
    assert done.stdout == (run / "events.jsonl").read_bytes()
    assert done.stderr == b""


def test_an_unresolved_issue_ends_with_1(cli, example, issue, do, result_in) -> None:
    model = cli.script(do("submit"), do("submit"))
    done = cli("resolve", issue, "--repo", str(example), "--model", model, *UNSAFE)
    assert (done.returncode, done.stdout) == (1, b"")
    assert result_in(cli.runs[0]).reason == "No patch was made."


def test_a_failing_model_ends_with_4_and_the_patch_so_far(cli, example, issue, do) -> None:
    edit = do("bash", command="echo more >> README.md")
    model = cli.script(edit, {"error": "rejected", "message": "The key is wrong."})
    done = cli("resolve", issue, "--repo", str(example), "--model", model, *UNSAFE)
    assert done.returncode == 4
    assert b"+more" in done.stdout
    assert b"The key is wrong." in done.stderr


def test_a_limit_ends_with_5(cli, example, issue, do) -> None:
    model = cli.script(do("open", path="README.md"))
    done = cli("resolve", issue, "--repo", str(example), "--model", model, "--max-steps", "1", *UNSAFE)
    assert done.returncode == 5
    assert b"The limit of 1 steps is used up." in done.stderr


@pytest.mark.parametrize(
    ("number", "status", "reason"),
    [
        (signal.SIGINT, 130, "Interrupted by Ctrl-C."),
        (signal.SIGTERM, 143, "Terminated by SIGTERM."),
    ],
)
@pytest.mark.parametrize("sandbox", ["unsafe", "docker"])
def test_a_signal_ends_a_command_in_flight_and_keeps_the_patch(
    request, cli, example, issue, do, events_in, result_in, number, status, reason, sandbox
) -> None:
    if sandbox == "docker":
        request.getfixturevalue("base_image")
    model = cli.script(do("bash", command="echo more >> README.md; tail -f /dev/null"))
    options = ["--repo", str(example), "--model", model, "--sandbox", sandbox, "--json"]
    process = cli.start("resolve", issue, *options)
    lines = []
    for line in process.stdout:
        lines.append(line)
        if isinstance(events_in(line)[0], ActionStarted):
            break
    process.send_signal(number)
    rest, error = process.communicate()
    assert process.returncode == status, error
    events = events_in(b"".join(lines) + rest)
    assert isinstance(events[-1], RunEnded)
    result = result_in(cli.runs[0])
    assert events[-1].result == result
    assert (result.status, result.reason) == ("interrupted", reason)
    if sandbox == "docker":
        engine = request.getfixturevalue("engine")
        label = f"patchwright.run={result.run_id}"
        assert not engine.containers.list(all=True, filters={"label": label})


def test_a_second_signal_ends_at_once_with_the_same_status_and_no_traceback(
    cli, example, issue, do, events_in
) -> None:
    # The program stands still while both arrive, so that the second can't come too late.
    model = cli.script(do("bash", command="tail -f /dev/null"))
    process = cli.start("resolve", issue, "--repo", str(example), "--model", model, "--json", *UNSAFE)
    for line in process.stdout:
        if isinstance(events_in(line)[0], ActionStarted):
            break
    process.send_signal(signal.SIGSTOP)
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGTERM)
    process.send_signal(signal.SIGCONT)
    _, error = process.communicate()
    assert process.returncode in {130, 143}
    assert b"Traceback" not in error


def test_in_a_container_the_example_is_resolved_too(cli, fix, base_image, events_in) -> None:
    done = cli("demo", "--model", cli.script(fix), "--sandbox", "docker", "--attempts", "1", "--json")
    assert done.returncode == 0, done.stderr
    events = events_in(done.stdout)
    (started,) = [event for event in events if isinstance(event, SandboxStarted)]
    assert (started.sandbox, started.image) == ("docker", base_image)
    assert events[-1].result.status == "resolved"


def test_the_demo_shows_how_it_goes_and_prints_the_patch(cli, fix) -> None:
    done = cli("demo", "--model", cli.script(fix), *UNSAFE)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(b"diff --git a/worklog/durations.py")
    assert b"invoices-made-with-decimal" in done.stderr


def test_quiet_shows_only_how_it_ended(cli, fix) -> None:
    done = cli("demo", "--model", cli.script(fix), "-q", *UNSAFE)
    assert done.returncode == 0
    assert b"step 1" not in done.stderr
    assert b"resolved" in done.stderr


# What it works on.


def test_apply_changes_the_work_tree_when_the_issue_is_resolved(cli, example, issue, fix) -> None:
    done = cli("resolve", issue, "--repo", str(example), "--model", cli.script(fix), "--apply", *UNSAFE)
    assert done.returncode == 0, done.stderr
    assert git(example, "status", "--porcelain") == " M worklog/durations.py\n"
    # The ids of blobs are as long as each repository needs.
    assert git(example, "diff").partition("\n--- ")[2] == done.stdout.decode().partition("\n--- ")[2]
    assert b"Applied to the work tree: worklog/durations.py." in done.stderr


def test_apply_leaves_the_work_tree_alone_when_it_is_not(cli, example, issue, do) -> None:
    model = cli.script(do("bash", command="echo more >> README.md"), do("submit"))
    done = cli("resolve", issue, "--repo", str(example), "--model", model, "--apply", *UNSAFE)
    assert done.returncode == 1
    assert git(example, "status", "--porcelain") == ""
    assert b"Not applied" in done.stderr


def test_a_dirty_work_tree_is_said_to_be_left_out_and_is(cli, example, issue, fix, events_in) -> None:
    mark = "# not committed\n"
    (example / "worklog" / "weeks.py").write_text(mark)
    done = cli("resolve", issue, "--repo", str(example), "--model", cli.script(fix), "--json", *UNSAFE)
    assert done.returncode == 0, done.stderr
    notices = [event.text for event in events_in(done.stdout) if isinstance(event, Notice)]
    text = "Uncommitted changes (worklog/weeks.py) are left out: the agent works on HEAD."
    assert text in notices
    assert (example / "worklog" / "weeks.py").read_text() == mark


@pytest.mark.parametrize("text", [b"The total is too low.\n", b"caf\xe9: the total is too low\n"])
def test_an_issue_comes_from_standard_input(cli, example, fix, events_in, text) -> None:
    model = cli.script(fix)
    done = cli("resolve", "-", "--repo", str(example), "--model", model, "--json", *UNSAFE, stdin=text)
    assert done.returncode == 0, done.stderr
    assert "total is too low" in events_in(done.stdout)[0].statement


def test_an_issue_is_given_as_its_text_and_runs_are_recorded_where_asked(cli, example, fix, tmp_path) -> None:
    out = tmp_path / "elsewhere"
    options = ["--repo", str(example), "--model", cli.script(fix), "--out", str(out), *UNSAFE]
    done = cli("resolve", "Totals are too low.", *options)
    assert done.returncode == 0, done.stderr
    (run,) = out.iterdir()
    assert run.name.endswith("-totals-are-too-low")
    assert not cli.runs


def test_a_patch_that_is_not_utf8_is_printed_and_told_as_events(cli, git_repo, do, events_in) -> None:
    repository = git_repo({"a.txt": b"caf\xe9\n"})
    model = cli.script(do("bash", command="echo more >> a.txt"), do("submit"))
    options = ["--repo", str(repository), "--model", model, *UNSAFE]
    plain = cli("resolve", "Say more.", *options)
    assert b" caf\xe9\n+more\n" in plain.stdout
    told = cli("resolve", "Say more.", *options, "--json")
    assert isinstance([json.loads(line) for line in told.stdout.splitlines()][-1], dict)
    assert b'"kind":"run_ended"' in told.stdout.splitlines()[-1]


def test_a_run_that_is_being_written_is_refused_to_everybody_else(cli, example, issue, do, events_in) -> None:
    model = cli.script(do("bash", command="tail -f /dev/null"))
    process = cli.start("resolve", issue, "--repo", str(example), "--model", model, "--json", *UNSAFE)
    for line in process.stdout:
        if isinstance(events_in(line)[0], ActionStarted):
            break
    with pytest.raises(UsageError, match=f"is being written by process {process.pid}"):
        RunDirectory.open_existing(cli.runs[0])
    process.send_signal(signal.SIGINT)
    process.communicate()
    RunDirectory.open_existing(cli.runs[0]).close()


# Bad input: one sentence, a status, nothing written.


BAD = {
    "no such repository": (["--repo", "/nowhere/at/all"], 2, "/nowhere/at/all"),
    "no git repository": (["--repo", "{folder}"], 2, "not a git repository"),
    "no such ref": (["--ref", "nonsense"], 2, "'nonsense'"),
    "no such model": (["--model", "nonsense/nothing"], 2, "nonsense/nothing"),
    "no key": (["--model", "openai/gpt-4o-mini"], 2, "OPENAI_API_KEY"),
    "no script": (["--model", "scripted:/nowhere.jsonl"], 2, "/nowhere.jsonl"),
    "no such sandbox": (["--sandbox", "moon"], 2, "moon"),
    "no such format": (["--format", "verse"], 2, "verse"),
    "no steps": (["--max-steps", "0"], 2, "limits.steps"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_told_in_one_sentence(cli, example, issue, fix, case) -> None:
    arguments, status, says = BAD[case]
    options = {"--repo": str(example), "--model": cli.script(fix), "--sandbox": "unsafe"}
    given = [argument.format(folder=cli.folder) for argument in arguments]
    options |= dict(zip(given[::2], given[1::2], strict=True))
    done = cli("resolve", issue, *(word for option in options.items() for word in option))
    assert done.returncode == status, done.stderr
    assert says in one_sentence(done.stderr)
    assert done.stdout == b""
    assert not cli.runs


@pytest.mark.parametrize("text", ["", "  \n "])
def test_an_empty_issue_is_bad_input(cli, example, text) -> None:
    for arguments, stdin in ((["resolve", text], b""), (["resolve", "-"], text.encode())):
        done = cli(*arguments, "--repo", str(example), "--model", cli.script(), *UNSAFE, stdin=stdin)
        assert done.returncode == 2
        assert "The issue is empty" in one_sentence(done.stderr)
        assert not cli.runs


@pytest.mark.parametrize("name", ["missing.md", "no/such/issue"])
def test_an_issue_file_that_is_missing_is_bad_input(cli, example, name) -> None:
    done = cli("resolve", name, "--repo", str(example), "--model", cli.script(), *UNSAFE)
    assert done.returncode == 2
    assert f"There is no file '{name}'" in one_sentence(done.stderr)


@pytest.mark.parametrize(
    ("toml", "says"),
    [
        ("[model\nname = 3", "not valid TOML"),
        ("[limits]\nstep = 3\n", "limits.steps"),
        ("[limits]\nsteps = 'many'\n", "limits.steps"),
        ("[sandbox]\nkind = 'unsafe'\n", "unsafe"),
    ],
)
def test_a_malformed_agent_toml_is_bad_input(cli, example, issue, fix, toml, says) -> None:
    (cli.folder / "agent.toml").write_text(toml)
    done = cli("resolve", issue, "--repo", str(example), "--model", cli.script(fix))
    assert done.returncode == 2
    assert says in one_sentence(done.stderr)
    assert not cli.runs


def test_a_wrong_variable_is_bad_input(cli, example, issue, fix) -> None:
    model = cli.script(fix)
    variables = {"PATCHWRIGHT_LIMITS__STEPS": "many"}
    done = cli("resolve", issue, "--repo", str(example), "--model", model, *UNSAFE, environment=variables)
    assert done.returncode == 2
    assert "PATCHWRIGHT_LIMITS__STEPS" in one_sentence(done.stderr)


def test_an_engine_that_was_demanded_and_does_not_answer_ends_with_3(cli, example, issue, fix) -> None:
    variables = {"DOCKER_HOST": "unix:///nowhere/docker.sock"}
    options = ["--repo", str(example), "--model", cli.script(fix), "--sandbox", "docker"]
    done = cli("resolve", issue, *options, environment=variables)
    assert done.returncode == 3
    assert "/nowhere/docker.sock" in one_sentence(done.stderr)
    assert not cli.runs


def test_an_image_that_does_not_exist_ends_with_3(cli, example, issue, fix, engine) -> None:
    options = ["--repo", str(example), "--model", cli.script(fix), "--sandbox", "docker"]
    done = cli("resolve", issue, *options, "--image", "localhost:1/patchwright/nothing:none")
    assert done.returncode == 3
    assert "localhost:1/patchwright/nothing:none" in done.stderr.decode().splitlines()[-1]
    assert b"Traceback" not in done.stderr
    assert not cli.runs


def test_a_folder_for_runs_that_cannot_be_written_ends_with_3(cli, example, issue, fix) -> None:
    (cli.folder / "file").write_text("")
    options = ["--repo", str(example), "--model", cli.script(fix), "--out", "file/runs", *UNSAFE]
    done = cli("resolve", issue, *options)
    assert done.returncode == 3
    assert "file/runs" in one_sentence(done.stderr)


@pytest.mark.parametrize("arguments", [["resolve"], ["nonsense"], ["resolve", "x", "--nonsense"]])
def test_bad_use_of_the_command_line_ends_with_2(cli, arguments) -> None:
    done = cli(*arguments)
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"Traceback" not in done.stderr
    assert done.stderr


# The other commands.


def test_config_tells_each_value_and_where_it_came_from(cli) -> None:
    (cli.folder / "agent.toml").write_text("[limits]\nsteps = 7\n")
    done = cli("config", environment={"PATCHWRIGHT_MODEL__SEED": "5"})
    assert done.returncode == 0, done.stderr
    lines = done.stdout.decode().splitlines()
    assert any("steps = 7" in line and "agent.toml" in line for line in lines)
    assert any("seed = 5" in line and "PATCHWRIGHT_MODEL__SEED" in line for line in lines)
    assert done.stderr == b""


def test_doctor_checks_this_machine(cli) -> None:
    done = cli("doctor", environment={"PATCHWRIGHT_MODEL__NAME": cli.script()})
    assert done.returncode in {0, 3}
    for word in (b"Python", b"git"):
        assert word in done.stdout
    assert b"Traceback" not in done.stderr


def test_aci_describes_all_commands_or_one(cli) -> None:
    assert b"run_tests" in cli("aci").stdout
    one = cli("aci", "rewrite")
    assert one.returncode == 0
    assert b"symbol" in one.stdout
    assert b"run_tests" not in one.stdout
    wrong = cli("aci", "rewrit")
    assert wrong.returncode == 2
    assert "rewrite" in one_sentence(wrong.stderr)


def test_gc_says_what_it_removed(cli, engine) -> None:
    done = cli("gc")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(b"Removed ")


def test_gc_without_an_engine_ends_with_3(cli) -> None:
    done = cli("gc", environment={"DOCKER_HOST": "unix:///nowhere/docker.sock"})
    assert done.returncode == 3
    assert "/nowhere/docker.sock" in one_sentence(done.stderr)


def test_version_is_one_line(cli) -> None:
    done = cli("--version")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(b"patchwright ")
    assert done.stdout.count(b"\n") == 1


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["aci"], ["resolve", "--help"]])
def test_light_commands_import_nothing_heavy(arguments: list[str]) -> None:
    script = (
        "import sys\n"
        f"sys.argv = ['patchwright', *{arguments!r}]\n"
        "from agent.cli import main\n"
        "try:\n"
        "    main()\n"
        "finally:\n"
        f"    print(sorted(set({HEAVY!r}) & set(sys.modules)), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=Path(__file__).parents[2], capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines()[-1] == b"[]"


def test_a_reader_that_has_seen_enough_is_no_fault(cli) -> None:
    process = cli.start("aci")
    process.stdout.close()
    error = process.stderr.read()
    process.wait()
    assert error == b""
