"""The process of an embedded server: llama.cpp behind an OpenAI-compatible endpoint on loopback.

    python -m agent.models.llama_server --model FILE [--folder FOLDER] [--context N] [--slots N] ...

With a folder it is shared: it writes there where it is, with a key of its own, and ends by itself when
nobody has held the lease for a while. Without one it serves until it is told to end, with the key that is
in $VLLM_API_KEY if any, so that it is used like a vLLM server.
"""

import argparse
import os
import secrets
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from agent.models.lease import Lease, Lock, State, boot_id, process_start
from agent.models.processors import available_cores
from trajectories.errors import ExitStatus

SPIN_COUNT = "300"
"""How long llama.cpp's threads spin while they wait for each other, in turns of a loop.

The default of some 300,000 turns answers 9 % faster on idle cores and 65 times slower beside one busy
process: whoever spins keeps the thread that it waits for from running. None at all costs a third of the
speed on idle cores."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until the last lease is gone; return an exit status."""
    parser = argparse.ArgumentParser(prog="python -m agent.models.llama_server", description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="the GGUF file")
    parser.add_argument("--folder", type=Path, help="where the server tells its users of itself")
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on")
    parser.add_argument("--port", type=int, default=0, help="the port; by default any that is free")
    parser.add_argument("--alias", default="embedded", help="the name of the model")
    parser.add_argument("--context", type=int, default=16384, help="tokens of one slot")
    parser.add_argument("--slots", type=int, default=1, help="calls answered at the same time")
    parser.add_argument("--threads", type=int, default=0, help="threads; by default one for each core")
    parser.add_argument("--linger", type=float, default=60.0, help="seconds to stay without any user")
    options = parser.parse_args(arguments)
    if "GOMP_SPINCOUNT" not in os.environ:
        # It is read when the library is loaded, and putenv after that comes too late.
        os.environ["GOMP_SPINCOUNT"] = SPIN_COUNT
    try:
        import xllamacpp  # noqa: PLC0415 - an extra, and it reads the environment when it is loaded
    except ImportError as error:
        sys.stderr.write(f"xllamacpp can't be loaded ({error}): pip install 'patchwright[local]'\n")
        return ExitStatus.USAGE
    os.chdir("/")
    if options.folder is None:
        server = _start(xllamacpp, options, os.environ.get("VLLM_API_KEY"))
        sys.stderr.write(f"serving {options.alias} on {server.listening_address}\n")
        while True:
            signal.pause()
    key = secrets.token_urlsafe(32)
    server = _start(xllamacpp, options, key)
    pid = os.getpid()
    state = State(pid, process_start(pid) or 0, boot_id(), server.listening_address, key)
    lease = Lease(options.folder)
    lease.write(state)
    _watch(lease, state, options.linger)
    sys.stderr.write("nobody uses this server any more: it ends\n")
    sys.stderr.flush()
    # The threads of the server may be in the middle of an answer that nobody waits for.
    os._exit(0)


def _start(xllamacpp: Any, options: argparse.Namespace, key: str | None) -> Any:
    threads = options.threads or available_cores()
    params = xllamacpp.CommonParams()
    params.model.path = str(options.model)
    params.model_alias = {options.alias}
    params.hostnames = [options.host]
    params.port = options.port
    params.api_keys = [key] if key else []
    params.n_ctx = options.context * options.slots
    params.n_parallel = options.slots
    # One context for each slot, so that one long prompt can't take the room of another.
    params.kv_unified = False
    params.fit_params = False
    params.n_gpu_layers = 0
    params.cpuparams.n_threads = threads
    params.cpuparams_batch.n_threads = threads
    params.cache_prompt = True
    # Prompts that left their slot are kept here; the default of 8 GB is more than many a machine has.
    params.cache_ram_mib = 1024
    # At 3,000 tokens it reads prompts 18 % faster; a quantised cache is 44 % slower on CPUs.
    params.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_AUTO
    params.ctx_shift = False
    params.endpoint_slots = False
    params.ui = False
    params.verbosity = 2
    return xllamacpp.Server(params)


def _watch(lease: Lease, state: State, linger: float) -> None:
    """Return when no one has held the lease for `linger` seconds, or another server took the place."""
    pause = min(1.0, linger / 4)
    idle_since = time.monotonic()
    while True:
        time.sleep(pause)
        if lease.read() != state:
            return
        probe = Lock(lease.folder / "lease.lock")
        if not probe.take():
            idle_since = time.monotonic()
            continue
        probe.release()
        # Nobody can come between the last look at the lease and the end: whoever comes holds the other lock.
        if time.monotonic() - idle_since >= linger and lease.start.take():
            if lease.use.take():
                lease.forget()
                return
            lease.start.release()


if __name__ == "__main__":
    sys.exit(main())
