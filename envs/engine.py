"""The way to the container engine."""

import os
import socket
from typing import TYPE_CHECKING

from trajectories.errors import EngineUnavailable

if TYPE_CHECKING:
    from docker import DockerClient


DEFAULT_ADDRESS = "unix:///var/run/docker.sock"


def connect(timeout: float = 60) -> "DockerClient":
    """Return a client of the engine that `DOCKER_HOST` or the default socket leads to, after it answered.

    Args:
        timeout: Seconds that one later call may take; the first one, to see whether it answers, gets ten.

    Raises:
        EngineUnavailable: None answers.
    """
    # Imported late: it costs a third of a second that a run without containers need not pay.
    import docker  # noqa: PLC0415
    from docker.errors import DockerException  # noqa: PLC0415
    from requests.exceptions import RequestException  # noqa: PLC0415

    address = os.environ.get("DOCKER_HOST") or DEFAULT_ADDRESS
    try:
        _knock(address)
        client = docker.from_env(timeout=min(timeout, 10))
    except (DockerException, OSError, ValueError) as error:
        raise EngineUnavailable(_sentence(address, error)) from None
    try:
        client.ping()
    except (DockerException, RequestException) as error:
        client.close()
        raise EngineUnavailable(_sentence(address, error)) from None
    client.api.timeout = timeout
    return client


def _knock(address: str) -> None:
    """Raise at once when nobody listens; the SDK would forget the socket that it failed to connect."""
    if address.startswith("unix://"):
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(10)
            line.connect(address.removeprefix("unix://"))


def _sentence(address: str, error: Exception) -> str:
    return (
        f"No Docker engine answers at {address} ({_reason(str(error))}); "
        "start it (`sudo systemctl start docker`), set DOCKER_HOST, or use --sandbox local."
    )


def _reason(text: str) -> str:
    """Shorten the nested messages of urllib3 to what the user can act on."""
    lowered = text.lower()
    known = {
        "permission denied": "permission denied: your user is not in the group docker",
        "no such file": "no such socket",
        "connection refused": "connection refused",
        "timed out": "timed out",
    }
    return next((reason for sign, reason in known.items() if sign in lowered), text.splitlines()[0][:200])
