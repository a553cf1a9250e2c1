import base64
import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trajectories.redaction import REDACTED, Redactor, secrets_of

SECRET = 'canary/"quoted"\\+ü value-7'


def test_a_known_secret_is_replaced_however_it_is_written() -> None:
    redactor = Redactor([SECRET])
    written = [
        SECRET,
        json.dumps(SECRET),
        json.dumps(SECRET, ensure_ascii=False),
        json.dumps(json.dumps({"key": SECRET})),
        repr(SECRET),
        quote(SECRET, safe=""),
    ]
    for text in written:
        shown = redactor.text(f"before {text} after")
        assert REDACTED in shown
        assert "canary" not in shown
        assert shown.startswith("before ")
        assert shown.endswith(" after")


@given(st.binary(max_size=20), st.binary(max_size=20))
def test_a_known_secret_is_found_at_any_place_of_a_base64_text(before: bytes, after: bytes) -> None:
    secret = "canary-0123456789abcdef"
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        shown = Redactor([secret]).text(encode(before + secret.encode() + after).decode())
        assert REDACTED in shown
        assert len(shown) < len(before) * 1.4 + len(after) * 1.4 + len(REDACTED) + 14


@pytest.mark.parametrize(
    "key",
    [
        "sk-proj-Abcdefghij0123456789ABCDEF",
        "sk-ant-api03-abcdefghij0123456789",
        "ghp_" + "a1" * 18,
        "ghs_" + "B2" * 18,
        "github_pat_" + "11AAAA0" * 8,
        "glpat-abcdefghij0123456789",
        "hf_" + "aB3" * 12,
        "AKIAIOSFODNN7EXAMPLE",
        "AIza" + "Sy0_-" * 7,
        "xoxb-123456789012-abcdef",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abcdefghijk",
    ],
)
def test_what_has_the_shape_of_a_key_is_replaced(key: str) -> None:
    for text in (key, f"key={key}.", f'{{"k": "{key}"}}', f"https://x/{key}/y", f"({key})"):
        assert Redactor().text(text) == text.replace(key, REDACTED)


def test_bearer_tokens_and_private_keys_are_replaced() -> None:
    redactor = Redactor()
    assert redactor.text("Authorization: Bearer abc.DEF-123456789012") == f"Authorization: Bearer {REDACTED}"
    block = "-----BEGIN RSA PRIVATE KEY-----\nabc-def==\n-----END RSA PRIVATE KEY-----"
    assert redactor.text(f"a\n{block}\nb") == f"a\n{REDACTED}\nb"


@pytest.mark.parametrize(
    "text",
    [
        "risk-averse-portfolio-optimisation-2",
        "task-0123456789abcdefghijklmnop",
        "sk-learn-contrib-lightning-package",
        "disk_ghp_" + "x" * 10,
        "bearer of bad news, authentication-required",
        "commit 0123456789abcdef0123456789abcdef01234567",
        "eyJ is how it begins",
        "XAKIAIOSFODNN7EXAMPLE",
        "def test_sk_is_fine(): ...",
    ],
)
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert Redactor(["short"]).text(text) == text


def test_nested_data_is_redacted_in_lists_keys_and_values() -> None:
    redactor = Redactor(["canary-value"])
    data = {"a": ["x canary-value", {"canary-value": ("canary-value", 1, None, True, 2.5)}]}
    shown = redactor.data(data)
    assert shown == {"a": [f"x {REDACTED}", {REDACTED: [REDACTED, 1, None, True, 2.5]}]}


def test_a_made_up_key_in_a_patch_stays_and_a_known_secret_does_not() -> None:
    redactor = Redactor(["canary-value"])
    shown = redactor.data({"patch": "+AKIAIOSFODNN7EXAMPLE canary-value"}, verbatim=frozenset(("patch",)))
    assert shown == {"patch": f"+AKIAIOSFODNN7EXAMPLE {REDACTED}"}


def test_secrets_are_taken_from_variables_that_are_named_like_secrets() -> None:
    environment = {
        "OPENAI_API_KEY": "value-one-1",
        "HF_TOKEN": "value-two-2",
        "DB_PASSWORD": "value-three",
        "PASSWORD": "value-four",
        "AWS_SECRET_ACCESS_KEY": "value-five",
        "CLIENT_SECRET": " value-six\n",
        "GITHUB_PAT": "value-seven",
        "SHORT_KEY": "abc",
        "PATH": "/usr/bin:/bin",
        "KEYBOARD": "value-not",
        "MONKEY": "value-nor-this",
        "TOKENIZERS_PARALLELISM": "value-neither",
    }
    assert secrets_of(environment) == {
        *("value-one-1", "value-two-2", "value-three", "value-four", "value-five", "value-six", "value-seven")
    }


@given(st.text(), st.text(min_size=8).filter(lambda secret: secret not in REDACTED))
def test_redacting_twice_changes_nothing_more(text: str, secret: str) -> None:
    redactor = Redactor([secret])
    once = redactor.text(f"{text}{secret}{text}")
    assert secret not in once or secret in REDACTED
