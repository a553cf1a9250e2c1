"""Keeps secrets out of everything that is written: by their values, and by the shapes that keys have."""

import base64
import json
import os
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

REDACTED = "[redacted]"
MIN_LENGTH = 8
"""Shorter values are words that text is full of."""

_SECRET_NAME = re.compile(
    r"(?i).*(_KEY|_TOKEN|_SECRET|_PAT|_CREDENTIALS?|_AUTH|PASSWORD.*|PASSWD|PASSPHRASE)|(API|ACCESS)?(KEY|TOKEN|SECRET)"
)

# Each begins with a literal, which lets the regex engine skip ahead; what must not stand before it is looked
# at afterwards. A digit is asked for, because hyphenated words have the same shape otherwise.
_SHAPES = (
    r"sk-(?<!\w...)(?=[\w-]*\d)[\w-]{20,}",
    r"gh[pousr]_(?<!\w....)[A-Za-z0-9]{30,}",
    r"github_pat_(?<!\w.{11})\w{30,}",
    r"glpat-(?<!\w.{6})[\w-]{20,}",
    r"hf_(?<!\w...)[A-Za-z0-9]{30,}",
    r"A(?:KIA|SIA)(?<!\w....)[A-Z0-9]{16}(?!\w)",
    r"AIza(?<!\w....)[\w-]{35}",
    r"xox[abeoprs]-(?<!\w.{5})(?=[\w-]*\d)[\w-]{10,}",
    r"eyJ(?<!\w...)[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}",
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----(?:[^-]|-(?!----END))*-----END [A-Z ]*PRIVATE KEY-----",
)
_BEARER = r"[Bb]earer[ \t]+(?=[\w.~+/=-]*\d)[\w.~+/=-]{16,}"


def secrets_of(environment: Mapping[str, str] = os.environ) -> frozenset[str]:
    """Return the values of the environment variables that are named like secrets."""
    return frozenset(
        value.strip()
        for name, value in environment.items()
        if _SECRET_NAME.fullmatch(name) and len(value.strip()) >= MIN_LENGTH
    )


class Redactor:
    """Replaces secrets in text, wherever it stands.

    Args:
        secrets: Values that must not be written; those shorter than `MIN_LENGTH` are not looked for.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        forms = {form for secret in secrets if len(secret) >= MIN_LENGTH for form in _forms(secret)}
        values = [re.escape(form) for form in sorted(forms, key=len, reverse=True)]
        self._values = re.compile("|".join(values)) if values else None
        self._all = re.compile("|".join((*values, _BEARER, *_SHAPES)))

    def text(self, text: str) -> str:
        """Return a text with known secrets and everything that has the shape of a key replaced."""
        return self._all.sub(_replacement, text)

    def known(self, text: str) -> str:
        """Return a text with only known secrets replaced.

        For patches: a test with a made-up key in it must come out as it went in.
        """
        return text if self._values is None else self._values.sub(REDACTED, text)

    def data(self, value: Any, *, verbatim: frozenset[str] = frozenset()) -> Any:
        """Return nested data with every string in it redacted, keys included.

        Args:
            value: What JSON can hold.
            verbatim: Keys whose texts are only searched for known secrets.
        """
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {
                self.text(key): self.known(inner)
                if key in verbatim and isinstance(inner, str)
                else self.data(inner, verbatim=verbatim)
                for key, inner in value.items()
            }
        if isinstance(value, list | tuple):
            return [self.data(inner, verbatim=verbatim) for inner in value]
        return value


def _replacement(match: re.Match[str]) -> str:
    word = match[0][:6]
    return f"{word} {REDACTED}" if word.lower() == "bearer" else REDACTED


def _forms(secret: str) -> Iterable[str]:
    """Yield a secret as it is and as escapes and encodings show it."""
    yield secret
    escaped = secret
    for _ in range(2):  # a tool call's arguments are JSON within JSON
        yield json.dumps(escaped, ensure_ascii=False)[1:-1]
        escaped = json.dumps(escaped)[1:-1]
        yield escaped
    yield quote(secret, safe="", errors="surrogatepass")
    yield repr(secret)[1:-1]
    data = secret.encode("utf-8", "surrogatepass")
    for offset in range(3):
        # Within a longer text the secret starts at any of three places of a base64 group; what stands in a
        # group with other text can't be foreseen and is left off.
        encoded = base64.b64encode(bytes(offset) + data).decode()
        start = (0, 2, 3)[offset]
        end = (offset + len(data)) // 3 * 4
        if end - start >= MIN_LENGTH:
            yield encoded[start:end]
            yield encoded[start:end].replace("+", "-").replace("/", "_")
