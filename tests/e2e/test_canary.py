"""What is sealed never reaches an agent: words that stand there alone are looked for wherever one can see."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

import agent.run
import agent.score
from agent.benchmark import Request as BatchRequest
from agent.benchmark import run_benchmark
from agent.control import Control
from agent.settings import Settings
from envs.benchmarks import HUMANEVALFIX
from envs.choose import Chosen
from envs.sandbox import Sandbox
from trajectories.scores import Verdict

SEALED, REFERENCE = "quokkasealed", "wombatreference"
ROW = {
    "task_id": "Python/1",
    "entry_point": "widest_gap",
    "signature": "widest_gap(numbers: list) -> int",
    "declaration": "def widest_gap(numbers: list) -> int:\n",
    "prompt": 'def widest_gap(numbers: list) -> int:\n    """Return the widest gap.\n'
    '    >>> widest_gap([1, 9, 4])\n    5\n    """\n',
    "docstring": "Return the widest gap.\n>>> widest_gap([1, 9, 4])\n5",
    "canonical_solution": f"    {REFERENCE} = sorted(numbers)\n"
    f"    return max(b - a for a, b in zip({REFERENCE}, {REFERENCE}[1:]))\n",
    "buggy_solution": "    ordered = sorted(numbers)\n"
    "    return min(b - a for a, b in zip(ordered, ordered[1:]))\n",
    # The trap of Python/119: the field for examples holds the right body, too.
    "example_test": f"    {REFERENCE} = sorted(numbers)\n    return max({REFERENCE})\n"
    "def check(widest_gap):\n    assert widest_gap([1, 9, 4]) == 5\ncheck(widest_gap)\n",
    "test": "def check(widest_gap):\n"
    f"    assert widest_gap([30, 10, 13]) == 17, '{SEALED}'\ncheck(widest_gap)\n",
    "bug_type": "operator misuse",
}
WRONG = "```python\ndef widest_gap(numbers):\n    return max(numbers)\n```"
SUBMIT = '```json\n{"command": "submit", "arguments": {}}\n```'
LOOK = '```json\n{"command": "bash", "arguments": {"command": "cat main.py; git log -p | cat; env"}}\n```'


class Watched:
    """A real sandbox that notes every file it is given, and at its end every file that lies in it."""

    def __init__(self, sandbox: Sandbox, seen: list[bytes]) -> None:
        self._sandbox = sandbox
        self._seen = seen
        self._started = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sandbox, name)

    async def start(self, tree: Path) -> Any:
        self._seen += [path.read_bytes() for path in tree.rglob("*") if path.is_file()]
        info = await self._sandbox.start(tree)
        self._started = True
        return info

    async def write(self, path: str, data: bytes, *arguments: Any, **named: Any) -> str:
        self._seen.append(data)
        return await self._sandbox.write(path, data, *arguments, **named)

    async def close(self) -> None:
        if self._started:
            self._started = False
            held = await self._sandbox.run("cat $(find . -type f)", 60)
            self._seen.append(held.output.encode())
        await self._sandbox.close()


def watch(monkeypatch: pytest.MonkeyPatch, module: Any, name: str) -> list[bytes]:
    seen: list[bytes] = []
    choose = getattr(module, name)

    async def watched(*arguments: Any, **named: Any) -> Chosen:
        chosen = await choose(*arguments, **named)
        return chosen._replace(new=lambda run: Watched(chosen.new(run), seen))

    monkeypatch.setattr(module, name, watched)
    return seen


@pytest.fixture
def server(httpserver: HTTPServer) -> Callable[[Callable[[str], str]], list[bytes]]:
    """A model server that keeps every request's body; each of `n` choices is the same text."""

    def start(answer: Callable[[str], str]) -> list[bytes]:
        bodies: list[bytes] = []

        def reply(request: Request) -> Response:
            bodies.append(request.get_data())
            asked = json.loads(bodies[-1])
            text = answer(json.dumps(asked["messages"]))
            choice = {"message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
            choices = [{**choice, "index": index} for index in range(asked.get("n") or 1)]
            usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
            body = {"id": "x", "object": "chat.completion", "model": "m", "choices": choices, "usage": usage}
            return Response(json.dumps(body), content_type="application/json")

        httpserver.expect_request("/v1/models").respond_with_json({"data": [{"id": "m"}]})
        httpserver.expect_request("/v1/chat/completions").respond_with_handler(reply)
        return bodies

    return start


def answered(prompt: str) -> str:
    """Answer as the prompt wants it: with an action, with a reflection, or with a function."""
    if "In at most three sentences" in prompt:
        return "Nothing was tried."
    if "one action at a time" not in prompt:
        return WRONG
    return SUBMIT if "main.py" in prompt and "cat main.py" in prompt else LOOK


@pytest.mark.parametrize("strategy", ["react", "react+reflexion", "sample", "repair", "auto"])
async def test_nothing_sealed_reaches_an_agent(
    tmp_path, monkeypatch, path_with_python, server, httpserver, strategy
) -> None:
    monkeypatch.setenv("PATH", path_with_python)
    data, out = tmp_path / "data.jsonl", tmp_path / "out"
    data.write_text(json.dumps(ROW) + "\n", encoding="utf-8")
    bodies = server(answered)
    agents = watch(monkeypatch, agent.run, "choose_sandbox")
    settings = Settings.model_validate(
        {
            "model": {
                "name": "hosted_vllm/m", "api_base": httpserver.url_for("/v1"), "format": "fenced",
                "context_window": 16384, "retry_seconds": 0,
            },
            "strategy": {"name": strategy, "rounds": 1, "samples": 2},
            "sandbox": {"kind": "unsafe"},
            "limits": {"attempts": 2, "steps": 3},
        }
    )  # fmt: skip
    request = BatchRequest(HUMANEVALFIX, str(data), out)
    report = await run_benchmark(request, settings, control=Control(), progress=lambda text: None)
    (score,) = report.results.scores
    assert score.verdict is not Verdict.INFRASTRUCTURE
    assert bodies or strategy == "repair"
    trajectories = [path.read_bytes() for path in (out / "runs").rglob("*") if path.is_file()]
    predictions = (out / "predictions.jsonl").read_bytes()
    assert trajectories
    for word in (SEALED.encode(), REFERENCE.encode()):
        for place, texts in (
            ("a request", bodies),
            ("a trajectory", trajectories),
            ("a prediction", [predictions]),
            ("the agent's sandbox", agents),
        ):
            assert not any(word in text for text in texts), f"{word!r} stands in {place}"
    # The agent's own file was seen, so the search would have found the words.
    assert any(b"widest_gap" in text for text in agents)


async def test_the_same_words_are_found_where_the_scorer_works(
    tmp_path, monkeypatch, path_with_python
) -> None:
    monkeypatch.setenv("PATH", path_with_python)
    data = tmp_path / "data.jsonl"
    data.write_text(json.dumps(ROW) + "\n", encoding="utf-8")
    scorers = watch(monkeypatch, agent.score, "choose")
    request = agent.score.Request(HUMANEVALFIX, "gold", str(data))
    sandbox = Settings.model_validate({"sandbox": {"kind": "unsafe"}}).sandbox
    results = await agent.score.score_benchmark(request, sandbox, progress=lambda text: None)
    assert results.resolved == 1
    for word in (SEALED.encode(), REFERENCE.encode()):
        assert any(word in text for text in scorers)
