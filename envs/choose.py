"""Which sandbox a run gets: the one demanded, or the safest that this machine offers."""

import asyncio
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, Protocol

from envs.sandbox import Sandbox
from trajectories.errors import EngineUnavailable, ImageUnavailable, SandboxError, UsageError
from trajectories.events import Notice

if TYPE_CHECKING:
    from docker import DockerClient

Progress = Callable[[str], None]


class Wishes(Protocol):
    """What is asked of a sandbox: the section `sandbox` of the settings."""

    @property
    def kind(self) -> str:
        """The kind: "auto", "docker", "local" or "unsafe"."""
        ...

    @property
    def image(self) -> str:
        """Name of the container's image; empty for the base image."""
        ...

    @property
    def memory(self) -> str:
        """Memory limit as Docker writes it."""
        ...

    @property
    def cpus(self) -> float:
        """How many CPUs' worth of time."""
        ...

    @property
    def pids(self) -> int:
        """How many processes and threads at once."""
        ...

    @property
    def network(self) -> bool:
        """Whether commands reach the network."""
        ...

    @property
    def root(self) -> bool:
        """Whether commands run as root in a container."""
        ...


class Chosen(NamedTuple):
    """A way to make sandboxes.

    Attributes:
        kind: "docker", "local" or "unsafe".
        new: Makes a sandbox that is not started, for the run of the given id.
        notices: What the user should know of the choice.
    """

    kind: str
    new: Callable[[str], Sandbox]
    notices: tuple[Notice, ...] = ()


async def choose(wishes: Wishes, *, progress: Progress) -> Chosen:
    """Choose how to make the sandboxes of a run, and get ready what they need.

    "auto" takes Docker when an engine answers, else a local sandbox, and says so.

    Args:
        wishes: What is asked for.
        progress: Is told what takes long, such as the pull of an image.

    Raises:
        UsageError: The kind is unknown.
        EngineUnavailable: Docker was demanded and no engine answers.
        ImageUnavailable: The image can't be had.
        SandboxError: Nothing that was allowed works, with what to install.
    """
    if wishes.kind == "unsafe":
        return _unsafe()
    if wishes.kind == "local":
        return await _local(wishes)
    if wishes.kind not in ("auto", "docker"):
        raise UsageError(f"There is no sandbox {wishes.kind!r}; choose auto, docker, local or unsafe.")
    try:
        return await asyncio.to_thread(_docker, wishes, progress)
    except (EngineUnavailable, ImageUnavailable) as unavailable:
        if wishes.kind == "docker" or (wishes.image and isinstance(unavailable, ImageUnavailable)):
            raise
        reason = str(unavailable).split(";", 1)[0]
    try:
        chosen = await _local(wishes)
    except SandboxError as error:
        raise SandboxError(f"{reason}, and there is no other sandbox. {error}") from None
    text = f"{reason}, so commands run in a local sandbox, which isolates less than a container."
    return chosen._replace(notices=(Notice(level="warning", text=text), *chosen.notices))


def _docker(wishes: Wishes, progress: Progress) -> Chosen:
    from envs.docker import DockerOptions, DockerSandbox  # noqa: PLC0415  (imports of Docker's SDK are slow)
    from envs.engine import connect  # noqa: PLC0415
    from envs.images import base_image_name, ensure_base_image, ensure_image, sweep  # noqa: PLC0415

    client: DockerClient = connect()
    sweep(client)  # what a killed run left behind
    if wishes.image in ("", base_image_name()):
        image = ensure_base_image(client, progress=progress)
    else:
        image = ensure_image(client, wishes.image, progress)
    options = DockerOptions(
        image=image,
        memory=wishes.memory,
        cpus=wishes.cpus,
        pids=wishes.pids,
        network=wishes.network,
        root=wishes.root,
    )
    return Chosen("docker", lambda run_id: DockerSandbox(client, options._replace(run_id=run_id)))


async def _local(wishes: Wishes) -> Chosen:
    from envs.local import LocalOptions, LocalSandbox, find_backend, how_to_get_one  # noqa: PLC0415

    if await asyncio.to_thread(find_backend) is None:
        raise SandboxError(how_to_get_one())
    options = LocalOptions(memory=_bytes(wishes.memory), processes=wishes.pids, network=wishes.network)
    notices: tuple[Notice, ...] = ()
    if wishes.image:
        text = f"The image {wishes.image!r} is not used: a local sandbox has this machine's programs."
        notices = (Notice(level="warning", text=text),)
    return Chosen("local", lambda run_id: LocalSandbox(options), notices)


def _unsafe() -> Chosen:
    from envs.unsafe import UnsafeSandbox  # noqa: PLC0415

    text = "Commands run on this machine with your own rights: nothing is isolated."
    return Chosen("unsafe", lambda run_id: UnsafeSandbox(), (Notice(level="warning", text=text),))


def _bytes(text: str) -> int:
    found = re.fullmatch(r"(\d+)([bkmg]?)", text.strip().lower())
    if found is None:
        raise UsageError(f"The memory limit {text!r} is not a number with b, k, m or g behind it.")
    return int(found[1]) << 10 * "bkmg".index(found[2] or "b")
