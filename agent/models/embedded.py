"""The embedded model: weights that are fetched once and one server that all runs of a user share."""

import asyncio
import hashlib
import os
import sys
from collections.abc import Mapping, Sequence
from importlib import metadata, util
from pathlib import Path
from typing import Any

from agent.models.base import Capabilities, Sampling
from agent.models.http import HttpModel
from agent.models.processors import available_cores
from agent.models.shared import SharedServer
from agent.models.weights import KNOWN, Progress, cache_folder, known, locate
from trajectories.errors import ModelUnavailable, UsageError
from trajectories.messages import Answer, Message


class EmbeddedModel:
    """A small model that runs on this machine, without a key and without a network once it is fetched.

    Its server is started by the first who needs it, found by everyone after, and ends by itself.

    Args:
        name: "embedded", "embedded:0.5b", or the path of a GGUF file.
        context: Tokens of prompt and answer, in each slot.
        slots: Calls that are answered at the same time.
        threads: Threads of the server; 0 takes one for each core.
        linger: Seconds that the server stays when nobody uses it.
        timeout: Seconds for one whole call.
        progress: Told how far the fetch of the weights is.
    """

    def __init__(
        self,
        name: str = "embedded",
        *,
        context: int = 16384,
        slots: int = 1,
        threads: int = 0,
        linger: float = 60.0,
        timeout: float = 1800.0,
        progress: Progress | None = None,
    ) -> None:
        if not name.endswith(".gguf"):
            known(name)
        self.name = name
        self._context = context
        self._slots = slots
        self._threads = threads or available_cores()
        self._linger = linger
        self._timeout = timeout
        self._progress = progress
        self._server: SharedServer | None = None
        self._http: HttpModel | None = None
        self._changing = asyncio.Lock()

    async def open(self) -> Capabilities:
        """Fetch the weights if need be, find or start the server, and ask it for its context window.

        Raises:
            UsageError: The extra `local` is not installed, or there is no such file.
            ModelError: The weights can't be had or the server does not start.
        """
        if util.find_spec("xllamacpp") is None:
            raise UsageError(f"Model {self.name!r} needs an extra: pip install 'patchwright[local]'.")
        return await (await self._endpoint()).open()

    async def query(
        self, messages: Sequence[Message], sampling: Sampling, request: Mapping[str, Any]
    ) -> Answer:
        """Return one complete answer; see `Model.query`. The call after a server's death starts another."""
        http = await self._endpoint()
        try:
            return await http.query(messages, sampling, request)
        except ModelUnavailable:
            async with self._changing:
                if self._http is http and self._server is not None and not await self._server.is_healthy():
                    await self._let_go()
            raise

    async def close(self) -> None:
        """Give the lease back; the server ends by itself when that was the last one."""
        async with self._changing:
            await self._let_go()

    async def _endpoint(self) -> HttpModel:
        async with self._changing:
            if self._http is None:
                if self._server is None:
                    weights = await self._find_weights()
                    self._server = SharedServer(self.name, self._folder(weights), self._command(weights))
                state = await self._server.acquire()
                self._http = HttpModel(
                    self.name, f"{state.address}/v1", api_key=state.key, timeout=self._timeout, free=True
                )
            return self._http

    async def _let_go(self) -> None:
        http, self._http = self._http, None
        if http is not None:
            await http.close()
        if self._server is not None:
            self._server.release()

    async def _find_weights(self) -> Path:
        if self.name not in KNOWN:
            path = Path(self.name).expanduser().resolve()
            if not path.is_file():
                raise UsageError(f"There is no model file {self.name!r}; name a GGUF file or 'embedded'.")
            return path
        stopped = False

        def progress(done: int, total: int) -> None:
            if stopped:
                # Raised in the thread of the fetch, which nobody waits for any more.
                raise asyncio.CancelledError
            if self._progress is not None:
                self._progress(done, total)

        try:
            return await asyncio.to_thread(locate, self.name, progress=progress)
        finally:
            stopped = True

    def _folder(self, weights: Path) -> Path:
        """Return where the processes meet that want this very server on this very machine."""
        stat = weights.stat()
        file = f"{weights} {stat.st_size} {stat.st_mtime_ns}"
        wanted = (
            known(self.name).sha256 if self.name in KNOWN else file,
            self._context,
            self._slots,
            self._threads,
            metadata.version("xllamacpp"),
            # A home folder may be shared by machines and by containers that can't reach each other.
            os.uname().nodename,
            os.readlink("/proc/self/ns/net"),
            os.readlink("/proc/self/ns/pid"),
            os.getuid(),
        )
        digest = hashlib.sha256("\n".join(map(str, wanted)).encode()).hexdigest()
        return cache_folder() / "servers" / digest[:16]

    def _command(self, weights: Path) -> list[str]:
        command = [sys.executable, "-P", "-m", "agent.models.llama_server", "--model", str(weights)]
        command += ["--alias", self.name, "--context", str(self._context), "--slots", str(self._slots)]
        return [*command, "--threads", str(self._threads), "--linger", str(self._linger)]
