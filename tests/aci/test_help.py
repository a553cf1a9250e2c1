import subprocess
import sys
from collections.abc import Callable

import pytest

from aci import COMMANDS
from aci.help import describe

Golden = Callable[[str, str], None]


def test_the_help_lists_every_command(golden: Golden) -> None:
    assert [line.partition("(")[0] for line in describe().split("\n")] == list(COMMANDS)
    golden("help", describe())


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_a_command_tells_of_each_field(name: str) -> None:
    text = describe(name)
    assert text.startswith(f"{name}(")
    for field, info in COMMANDS[name].model_fields.items():
        assert field in text
        assert str(info.description) in text


def test_the_help_of_an_unknown_command_names_the_likely_one() -> None:
    with pytest.raises(KeyError, match="did you mean `scroll_up`"):
        describe("scrol_up")


def test_importing_the_aci_is_light() -> None:
    heavy = "asyncio", "subprocess", "tree_sitter", "ruff", "litellm", "docker", "textual"
    script = (
        f"import sys, aci, aci.formats, aci.help; print([name for name in {heavy!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
