"""Tests of where settings come from, what is refused, and how they are shown."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.settings import Settings, default_toml, load, render, user_file
from agent.settings.fields import keys
from agent.settings.pages import _toml
from trajectories.errors import UsageError


@pytest.fixture(autouse=True)
def _own_user_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")


def in_user_file(text: str) -> Path:
    user_file().parent.mkdir(parents=True)
    user_file().write_text(text)
    return user_file()


def in_project_file(text: str) -> Path:
    path = Path.cwd() / "agent.toml"
    path.write_text(text)
    return path


def refusal(**arguments: object) -> str:
    with pytest.raises(UsageError) as caught:
        load(**arguments)  # type: ignore[arg-type]
    return str(caught.value)


def test_without_any_source_every_setting_has_its_default() -> None:
    loaded = load()
    assert loaded.settings == Settings()
    assert set(loaded.origins) == set(keys())
    assert set(loaded.origins.values()) == {"default"}


def test_each_source_wins_over_the_ones_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    user = in_user_file("[limits]\nsteps = 1\nattempts = 1\ntokens = 1\ncost = 1\n")
    project = in_project_file("[limits]\nattempts = 2\ntokens = 2\ncost = 2\n")
    monkeypatch.setenv("PATCHWRIGHT_LIMITS__TOKENS", "3")
    monkeypatch.setenv("PATCHWRIGHT_LIMITS__COST", "3")
    settings, origins, _ = load({"limits.cost": 4, "model.name": None})
    assert (settings.limits.steps, origins["limits.steps"]) == (1, f"user file {user}")
    assert (settings.limits.attempts, origins["limits.attempts"]) == (2, str(project))
    assert (settings.limits.tokens, origins["limits.tokens"]) == (3, "environment PATCHWRIGHT_LIMITS__TOKENS")
    assert (settings.limits.cost, origins["limits.cost"]) == (4, "flag")
    assert (settings.limits.seconds, origins["limits.seconds"]) == (3600, "default")
    assert (settings.model.name, origins["model.name"]) == ("embedded", "default")


@pytest.mark.parametrize("written", ['["a b", "c"]', "'a b' c", '"a b"  c'])
def test_a_list_in_the_environment_is_json_or_words(written: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATCHWRIGHT_TESTS__TARGETS", written)
    assert load().settings.tests.targets == ("a b", "c")


def test_a_test_id_with_brackets_is_a_word_and_not_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATCHWRIGHT_TESTS__TARGETS", "tests/test_a.py::test_b[1-x]")
    assert load().settings.tests.targets == ("tests/test_a.py::test_b[1-x]",)


def test_a_switch_in_the_environment_is_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATCHWRIGHT_SANDBOX__NETWORK", "yes")
    assert load().settings.sandbox.network is True


def test_the_variables_that_are_no_settings_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATCHWRIGHT_CACHE", "/somewhere")
    monkeypatch.setenv("PATCHWRIGHT_TEST_REQUIRE", "engine")
    assert load().settings == Settings()


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[model]\nnam = 'x'\n", "model.nam in {path} is not a setting; the nearest one is model.name."),
        ("[modle]\nname = 'x'\n", "modle in {path} is not a setting; the nearest one is model."),
        ("steps = 3\n", "steps in {path} is not a setting; the nearest one is limits.steps."),
        ("[model]\nsteps = 3\n", "model.steps in {path} is not a setting; the nearest one is limits.steps."),
        (
            "[xyz]\n",
            "xyz in {path} is not a setting; remove it (`patchwright config` lists every setting).",
        ),
        ("model = 'x'\n", "model in {path} must be a section; write it as [model]."),
        (
            "[limits]\nsteps = 'many'\n",
            'limits.steps in {path} is "many", but must be a whole number, e.g. steps = 30.',
        ),
        ("[limits]\nsteps = 0\n", "limits.steps in {path} is 0, but must be a whole number at least 1."),
        ("[limits]\ncost = nan\n", "limits.cost in {path} is NaN, but must be a number, e.g. cost = 3.0."),
        ("[model]\ntemperature = 3\n", "model.temperature in {path} is 3, but must be a number at most 2."),
        ("[model]\nname = 5\n", 'model.name in {path} is 5, but must be text, e.g. name = "embedded".'),
        ("[model]\nname = ''\n", 'model.name in {path} is "", but must be text, e.g. name = "embedded".'),
        (
            "[sandbox]\nkind = 'podman'\n",
            'sandbox.kind in {path} is "podman", but must be one of auto, docker, local, unsafe.',
        ),
        (
            "[sandbox]\nmemory = 'lots'\n",
            'sandbox.memory in {path} is "lots", but must be text such as "512m" or "2g".',
        ),
        (
            "[sandbox]\nnetwork = 'perhaps'\n",
            'sandbox.network in {path} is "perhaps", but must be true or false, e.g. network = false.',
        ),
        (
            "[tests]\ntargets = [1]\n",
            'tests.targets in {path} is 1, but must be a list of texts, e.g. targets = ["tests/test_a.py"].',
        ),
        (
            "[sandbox]\ncommand_timeout = 700\n",
            "The settings of [sandbox] don't fit together: command_timeout (700) is above "
            "max_command_timeout (600); change sandbox.command_timeout in {path}.",
        ),
        (
            "[model]\napi_base = 'localhost:8000'\n",
            'model.api_base in {path} is "localhost:8000", but must be an address like http://127.0.0.1:8000/v1.',
        ),
        (
            "[model]\nname = x\n",
            "{path} is not valid TOML: invalid value (at line 2, column 8); mend that line.",
        ),
        (
            "[model]\nname = 'x\n",
            '{path} is not valid TOML: expected "\'" (at the end, line 3); mend that line.',
        ),
    ],
)
def test_what_is_wrong_in_a_file_is_told_in_one_sentence_with_the_way_out(text: str, named: str) -> None:
    path = in_project_file(text)
    assert refusal() == named.format(path=path)


def test_what_is_wrong_in_the_user_file_names_the_user_file() -> None:
    path = in_user_file("[limits]\nstep = 3\n")
    assert refusal() == f"limits.step in {path} is not a setting; the nearest one is limits.steps."


def test_a_file_that_is_no_text_is_refused() -> None:
    path = Path("agent.toml").absolute()
    path.write_bytes(b"[model]\nname = '\xff'\n")
    assert refusal() == f"{path} is not UTF-8 text (byte 16); save it as UTF-8."


def test_a_folder_in_place_of_a_file_is_refused() -> None:
    Path("agent.toml").mkdir()
    assert "agent.toml can't be read (Is a directory)" in refusal()


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        (
            "PATCHWRIGHT_MODEL__NMAE",
            "x",
            "{name} in the environment is not a setting; the nearest one is PATCHWRIGHT_MODEL__NAME.",
        ),
        (
            "PATCHWRIGHT_MODEL",
            "x",
            "{name} in the environment is not a setting; the nearest one is PATCHWRIGHT_MODEL__NAME.",
        ),
        (
            "PATCHWRIGHT_OPENAI_API_KEY",
            "sk-1",
            "{name} is not a setting: an API key keeps its provider's name, e.g. OPENAI_API_KEY.",
        ),
        (
            "PATCHWRIGHT_LIMITS__STEPS",
            "many",
            '{name} in the environment is "many", but must be a whole number, e.g. steps = 30.',
        ),
    ],
)
def test_what_is_wrong_in_the_environment_names_the_variable(
    name: str, value: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    assert refusal() == told.format(name=name)


def test_an_unknown_flag_names_the_nearest_setting() -> None:
    assert (
        refusal(flags={"model.nam": "x"})
        == "model.nam given by a flag is not a setting; the nearest one is model.name."
    )


def test_a_secret_in_a_file_is_refused_without_being_repeated() -> None:
    in_project_file("[model]\napi_key = 'sk-canary'\n")
    message = refusal()
    assert "OPENAI_API_KEY" in message
    assert "sk-canary" not in message


def test_a_password_in_an_address_is_refused_without_being_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATCHWRIGHT_MODEL__API_BASE", "https://user:canary@example.com/v1")
    message = refusal()
    assert "holds a user name or a password" in message
    assert "canary" not in message


def test_a_key_with_escape_sequences_is_shown_escaped() -> None:
    in_project_file('[model]\n"\\u001b[31m" = 1\n')
    assert "\x1b" not in refusal()


@pytest.mark.parametrize("origin", ["file", "environment"])
def test_the_unsafe_sandbox_must_be_typed(origin: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if origin == "file":
        in_project_file("[sandbox]\nkind = 'unsafe'\n")
    else:
        monkeypatch.setenv("PATCHWRIGHT_SANDBOX__KIND", "unsafe")
    assert refusal().endswith('may not be "unsafe"; type --sandbox unsafe for the run that needs it.')
    assert load({"sandbox.kind": "unsafe"}).settings.sandbox.kind == "unsafe"


@pytest.mark.parametrize("target", [".", "src"])
def test_the_settings_file_of_the_repository_to_repair_is_not_read(target: str) -> None:
    path = in_project_file("[model]\napi_base = 'http://evil.example'\n")
    Path(".git").mkdir()
    Path("src").mkdir()
    settings, _, notices = load(target=Path(target))
    assert settings == Settings()
    assert notices[0].startswith(f"{path} is not read because it is part of the repository to repair")


def test_the_settings_file_is_read_when_the_repository_lies_elsewhere(tmp_path: Path) -> None:
    in_project_file("[limits]\nsteps = 7\n")
    (tmp_path / "elsewhere").mkdir()
    loaded = load(target=tmp_path / "elsewhere")
    assert loaded.settings.limits.steps == 7
    assert loaded.notices == ()


def test_the_default_file_holds_every_setting_with_its_default() -> None:
    assert Settings.model_validate(tomllib.loads(default_toml())) == Settings()
    listed = {
        f"{section}.{key}" for section, values in tomllib.loads(default_toml()).items() for key in values
    }
    assert listed == set(keys())


def test_what_is_rendered_is_toml_that_loads_to_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATCHWRIGHT_TESTS__COMMAND", 'a "quoted"\nline\x7f')
    loaded = load({"limits.cost": 0.25, "tests.targets": ("ä", "b")})
    text = render(loaded)
    assert Settings.model_validate(tomllib.loads(text)) == loaded.settings
    assert "# environment PATCHWRIGHT_TESTS__COMMAND" in text
    assert "# flag" in text


@given(
    st.text()
    | st.floats(min_value=0, allow_infinity=False)
    | st.booleans()
    | st.integers()
    | st.lists(st.text())
)
def test_any_value_written_as_toml_is_read_as_the_same(value: object) -> None:
    if isinstance(value, str) and not _encodable(value):
        return
    if isinstance(value, list) and not all(_encodable(text) for text in value):
        return
    assert tomllib.loads(f"value = {_toml(value)}")["value"] == value


def _encodable(text: str) -> bool:
    return text.isascii() or text.encode("utf-8", "replace").decode() == text


def test_reading_settings_as_data_reads_no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATCHWRIGHT_MODEL__NAME", "other")
    assert Settings().model.name == "embedded"
    assert Settings.model_validate({}).model.name == "embedded"


def test_loading_settings_imports_nothing_heavy() -> None:
    script = (
        "import sys, agent.settings; agent.settings.load();"
        "print(sorted({'litellm', 'docker', 'textual', 'xllamacpp', 'httpx', 'rich'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
