"""Which functions an issue names."""

from agent.strategies.targets import words_of


def test_the_name_of_a_file_names_no_function() -> None:
    words = words_of("`total` in `main.rs` is wrong, see main.rs:3 and domain.rs", ["src/main.rs"])
    assert "main" not in words
    assert "domain" in words
    assert words["total"] < words["wrong"]


def test_a_function_called_like_a_file_is_still_named_by_its_own_name() -> None:
    assert "main" in words_of("`main` of `main.rs` never returns", ["main.rs"])
