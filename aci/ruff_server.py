"""Ruff as a warm process: its language server, asked over its standard input and output.

Starting ruff costs more than checking a file with it, so one server is started with the first question and
kept for the life of this process. It is given texts, never paths of files that exist, and reads no
configuration.
"""

import atexit
import json
import os
import selectors
import subprocess
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

_FOLDER = "file:///patchwright-has-no-such-folder"
_CHUNK = 1 << 16


class NoAnswer(Exception):
    """The server died, hung or said something that is not its protocol."""


class RuffServer:
    """Checks Python texts. A dead or hung server is replaced and asked once more.

    Not for several threads at once; `ask` of a thread pool of one is meant to call it.

    Args:
        rules: The rules that are checked besides the syntax.
        seconds: How long one answer may take.
    """

    def __init__(self, rules: Sequence[str], seconds: float = 15.0) -> None:
        self._rules = list(rules)
        self._seconds = seconds
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = 0
        self._received = bytearray()
        self._questions = 0

    @property
    def pid(self) -> int | None:
        """The id of the server's process, while there is one."""
        return None if self._process is None else self._process.pid

    def check(self, file_name: str, text: str) -> list[dict[str, Any]]:
        """Return the diagnostics of a text, as the language server protocol has them.

        Args:
            file_name: Tells ruff what kind of Python it is, such as `__init__.py` or `x.pyi`.
            text: The whole text; without lone surrogates.

        Raises:
            NoAnswer: Two servers in a row failed on it.
        """
        try:
            return self._diagnose(file_name, text)
        except NoAnswer:
            return self._diagnose(file_name, text)

    def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        self._received.clear()
        if process is None or self._owner != os.getpid():
            return
        process.kill()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                stream.close()
        process.wait()

    def _diagnose(self, file_name: str, text: str) -> list[dict[str, Any]]:
        try:
            self._start()
            self._questions += 1
            document = {"uri": f"{_FOLDER}/{self._questions}/{file_name}"}
            opened = {**document, "languageId": "python", "version": 1, "text": text}
            answer = self._exchange(
                _message("textDocument/didOpen", {"textDocument": opened}),
                _message("textDocument/diagnostic", {"textDocument": document}, self._questions),
            )
            self._write(_message("textDocument/didClose", {"textDocument": document}))
        except (OSError, ValueError, KeyError) as problem:
            self.close()
            raise NoAnswer(str(problem)) from problem
        except NoAnswer:
            self.close()
            raise
        items = (answer.get("result") or {}).get("items")
        return items if isinstance(items, list) else []

    def _start(self) -> None:
        if self._process is not None and self._owner == os.getpid() and self._process.poll() is None:
            return
        self.close()
        # A forked child must not speak into its parent's pipes.
        self._owner = os.getpid()
        self._process = subprocess.Popen(
            [_ruff_binary(), "server", "--isolated", "--silent"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0, cwd="/",
        )  # fmt: skip
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            os.set_blocking(stream.fileno(), False)
        self._questions += 1
        options = {
            "configurationPreference": "editorOnly",
            "configuration": {"target-version": "py314", "lint": {"select": self._rules}},
        }
        self._exchange(
            _message(
                "initialize",
                {
                    "processId": None,
                    "capabilities": {
                        "general": {"positionEncodings": ["utf-8"]},
                        "textDocument": {"diagnostic": {}},
                    },
                    "workspaceFolders": [{"uri": _FOLDER, "name": "texts"}],
                    "initializationOptions": {"settings": options},
                },
                self._questions,
            )
        )
        self._write(_message("initialized", {}))

    def _write(self, message: bytes) -> None:
        self._exchange(message, answered=False)

    def _exchange(self, *messages: bytes, answered: bool = True) -> dict[str, Any]:
        """Send messages and, if asked to, read until the answer to the last question is there."""
        process = self._process
        assert process is not None
        assert process.stdin is not None
        assert process.stdout is not None
        deadline = time.monotonic() + self._seconds
        unsent = memoryview(b"".join(messages))
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdin, selectors.EVENT_WRITE)
            selector.register(process.stdout, selectors.EVENT_READ)
            while True:
                if not unsent:
                    if not answered:
                        return {}
                    while (answer := self._next_message()) is not None:
                        # What it says unasked (of closed documents) and of earlier questions is passed over.
                        if answer.get("id") == self._questions and "method" not in answer:
                            return answer
                    if process.stdin in selector.get_map():
                        selector.unregister(process.stdin)
                ready = selector.select(deadline - time.monotonic())
                if not ready:
                    raise NoAnswer(f"ruff did not answer within {self._seconds:g} seconds")
                for key, _ in ready:
                    if key.fileobj is process.stdin:
                        unsent = unsent[os.write(key.fd, unsent[:_CHUNK]) :]
                    else:
                        data = os.read(key.fd, _CHUNK)
                        if not data:
                            raise NoAnswer("ruff ended")
                        self._received += data

    def _next_message(self) -> dict[str, Any] | None:
        head, blank, rest = self._received.partition(b"\r\n\r\n")
        if not blank:
            return None
        fields = dict(line.split(b":", 1) for line in bytes(head).lower().split(b"\r\n"))
        length = int(fields[b"content-length"])
        if len(rest) < length:
            return None
        self._received = rest[length:]
        message = json.loads(rest[:length])
        return message if isinstance(message, dict) else {}


def _message(method: str, params: dict[str, Any], question: int | None = None) -> bytes:
    identity = {} if question is None else {"id": question}
    data = json.dumps({"jsonrpc": "2.0", **identity, "method": method, "params": params}).encode()
    return b"Content-Length: %d\r\n\r\n%s" % (len(data), data)


@cache
def _ruff_binary() -> str:
    from ruff import find_ruff_bin  # type: ignore[import-untyped]  # noqa: PLC0415

    return str(find_ruff_bin())


@cache
def shared(rules: tuple[str, ...]) -> tuple[RuffServer, ThreadPoolExecutor]:
    """Return the server of this process and the one thread that talks to it."""
    server = RuffServer(rules)
    atexit.register(server.close)
    return server, ThreadPoolExecutor(1, "ruff")
