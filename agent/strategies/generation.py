"""Asks a model for a function's body: from its promise alone, or told what the body in place does wrong.

The wrong body is left out of the first kind of prompt on purpose. Shown a faulty function and asked to mend
it, a small model mostly gives it back as it is; asked for a function with that signature and docstring, it
writes one of its own. The model goes on with an answer that we begin, up to the body, where its server can do
that: copying the signature and the docstring would cost more tokens than the body.
"""

import re
from collections.abc import Sequence

from aci.functions import body_of, moved, promise
from aci.grammars import language_of
from agent import prompts
from agent.models.base import Sampling
from agent.strategies.asking import ask
from agent.strategies.base import Desk
from agent.strategies.candidates import Candidate, Pool, Source
from agent.strategies.targets import Target
from trajectories.messages import Message

MAX_TOKENS = 600
_FENCE = "```"
_BLOCK = re.compile(r"```[^\n]*\n(.*?)(?:```|\Z)", re.DOTALL)
_ENDS = {"python": ("\ndef ", "\nclass ", "\n@", "\nif ", "\nprint(", "\nassert ", "\nfrom ", "\nimport ")}
"""What stands at the start of a line only behind a function: models go on with tests nobody asked for."""

_NAMES = {
    "cpp": "C++",
    "go": "Go",
    "java": "Java",
    "javascript": "JavaScript",
    "python": "Python",
    "rust": "Rust",
}


async def from_specification(desk: Desk, pool: Pool, count: int, sampling: Sampling) -> list[Candidate]:
    """Return candidates written from signature and docstring; the body in place is not shown."""
    request = prompts.SPECIFICATION.format(language=_language(pool.target))
    return await _bodies(desk, pool, "specification", request, count, sampling)


async def corrections(
    desk: Desk, pool: Pool, evidence: Sequence[str], count: int, sampling: Sampling
) -> list[Candidate]:
    """Return candidates written by a model that sees the body in place and what is wrong with it.

    Args:
        desk: The attempt.
        pool: Where the function is.
        evidence: First failures of the body in place, a line each; they come from visible tests alone.
        count: How many.
        sampling: How they are drawn.
    """
    target = pool.target
    shown = promise(target.document.text, target.function) + target.body.rstrip("\n")
    request = _correction(target, shown, evidence)
    return await _bodies(desk, pool, "correction", request, count, sampling)


async def plain(desk: Desk, pool: Pool, sampling: Sampling) -> list[Candidate]:
    """Return the body in the model's answer to the issue and the function; nothing else is shown or begun."""
    target = pool.target
    shown = promise(target.document.text, target.function) + target.body.rstrip("\n")
    request = prompts.PLAIN.format(
        statement=desk.ground.task.statement, fence=language_of(target.path), function=shown
    )
    (choice,) = await ask(desk, [Message(role="user", content=request)], sampling, 1)
    body = body_in(target, _block(choice.text))
    return [] if body is None else [pool.candidate("correction", body)]


def _correction(target: Target, shown: str, evidence: Sequence[str]) -> str:
    language = language_of(target.path)
    told = prompts.EVIDENCE.format(failures="\n".join(evidence)) if evidence else ""
    return prompts.CORRECTION.format(
        language=_language(target), fence=language, function=shown, evidence=told
    )


def _language(target: Target) -> str:
    language = language_of(target.path)
    return _NAMES.get(language, language)


async def _bodies(
    desk: Desk, pool: Pool, source: Source, request: str, count: int, sampling: Sampling
) -> list[Candidate]:
    target = pool.target
    begun = promise(target.document.text, target.function)
    messages = [Message(role="user", content=request)]
    opening = f"{_FENCE}{language_of(target.path)}\n{begun}"
    if desk.ground.capabilities.prefill:
        messages.append(Message(role="assistant", content=opening))
    else:
        whole = prompts.WHOLE.format(fence=language_of(target.path), function=begun.rstrip("\n"))
        messages = [Message(role="user", content=f"{request}\n\n{whole}")]
    brief = sampling._replace(max_tokens=min(MAX_TOKENS, sampling.max_tokens))
    closing = closing_of(target)
    stop = (_FENCE, *_ENDS.get(language_of(target.path), ()), *([closing] if closing else []))
    choices = await ask(desk, messages, brief, count, stop if desk.ground.capabilities.prefill else ())
    found = []
    for choice in choices:
        if choice.finish_reason == "length":
            continue  # it breaks off within the function
        text = _block(choice.text)
        if desk.ground.capabilities.prefill:
            # Where the closing brace ends an answer it is not in it.
            after = closing + target.document.text[target.function.end :].partition("}")[2]
            text = begun + choice.text + (after if closing else "")
        body = body_in(target, text)
        if body is not None:
            mean = choice.logprob / choice.tokens if choice.logprob is not None and choice.tokens else None
            found.append(pool.candidate(source, body, logprob=mean))
    return found


def closing_of(target: Target) -> str:
    """Return how a function ends in a language of braces, where its brace stands alone in a line; else ""."""
    text, end = target.document.text, target.function.end
    margin, brace, _ = text[end:].partition("}")
    alone = brace and not margin.strip() and text[:end].endswith("\n")
    return f"\n{margin}}}" if alone else ""


def _block(text: str) -> str:
    """Return the longest fenced block of an answer, or all of it when nothing is fenced."""
    return max(_BLOCK.findall(text), key=len, default=text)


def body_in(target: Target, text: str) -> str | None:
    """Return the body of the target that a model's text defines, indented as the one in place.

    Returns:
        None when the text does not define the function, or breaks off within it.
    """
    body = body_of(target.path, text, target.function.name)
    if body is None or not body.strip():
        return None
    body = moved(body, target.body)
    return body if body.endswith("\n") or not target.body.endswith("\n") else body + "\n"
