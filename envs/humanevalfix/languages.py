"""The six languages of the benchmark: how their files are called, and how visible tests are run."""

from collections.abc import Mapping
from typing import Literal, NamedTuple, get_args

from envs.recipes import RUST_CRATES

LanguageName = Literal["python", "js", "java", "go", "cpp", "rust"]

LANGUAGES: tuple[LanguageName, ...] = get_args(LanguageName)


class Language(NamedTuple):
    """A language of the benchmark.

    Attributes:
        name: As the data set's folders call it.
        label: As people call it.
        prefix: What its instances' ids start with, before the slash.
        file: The file that the function lies in.
        test_command: Runs the visible tests of a work tree; another exit status than 0 says that one failed.
        recipe: The image's recipe; "" for the base image.
    """

    name: LanguageName
    label: str
    prefix: str
    file: str
    test_command: str
    recipe: str


RUST_FLAGS = f"--edition 2021 --cap-lints allow -L {RUST_CRATES} --extern rand --extern regex --extern md5"

_NODE = """node -e 'console.assert = require("assert"); require("./main.js")'"""
_BUILD = 'built=$(mktemp -d) && {} && rm -r "$built"'

BY_NAME: Mapping[LanguageName, Language] = {
    language.name: language
    for language in (
        Language("python", "Python", "Python", "main.py", "python3 main.py", ""),
        # As it is, console.assert only prints.
        Language("js", "JavaScript", "JavaScript", "main.js", _NODE, "js"),
        Language(
            "java", "Java", "Java", "Main.java",
            _BUILD.format('javac -d "$built" Main.java && java -cp "$built" Main'), "java",
        ),
        Language("go", "Go", "Go", "main.go", "GO111MODULE=off go test -vet=off", "go"),
        Language(
            "cpp", "C++", "CPP", "main.cpp",
            _BUILD.format(
                'g++ -std=c++11 -o "$built/main" main.cpp '
                "$(grep -q openssl/ main.cpp && echo -lcrypto) && \"$built/main\""
            ), "cpp",
        ),
        Language(
            "rust", "Rust", "Rust", "main.rs",
            _BUILD.format(f'rustc {RUST_FLAGS} --test -o "$built/main" main.rs && "$built/main"'), "rust",
        ),
    )
}  # fmt: skip
