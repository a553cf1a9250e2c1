"""What keeps a text from harming the work tree, other processes and the machine."""

# mypy: ignore-errors
import builtins
import os
import resource
import sys
import unittest

from .recording import Recorder

MEMORY = 1536 * 1024 * 1024
FILE_SIZE = 32 * 1024 * 1024


def contain(job):
    """Keep a text from doing harm to the work tree, to other processes and to the machine."""
    null = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(null, number)
    for kind, value in (("CORE", 0), ("FSIZE", FILE_SIZE)):
        limit = getattr(resource, "RLIMIT_" + kind)
        try:
            resource.setrlimit(limit, (value, value))
        except (ValueError, OSError):
            pass
    try:
        with open("/proc/self/statm") as file:
            used = int(file.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, used + MEMORY))
    except (ValueError, OSError):
        pass
    if not hasattr(sys, "addaudithook"):
        return
    root, own = os.path.realpath(job["root"]), os.getpid()
    guarded = tuple({root, *job["guarded"]})
    realpath, join, fspath = os.path.realpath, os.path.join, os.fspath
    writing = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
    changes = {
        "os.remove": 1, "os.rmdir": 1, "os.rename": 2, "os.truncate": 1, "os.chmod": 1, "os.chown": 1,
        "os.link": 2, "os.symlink": 2, "os.mkdir": 1, "shutil.rmtree": 1, "shutil.move": 2, "os.utime": 1,
    }  # fmt: skip
    spawning = {
        "os.fork", "os.forkpty", "os.exec", "os.posix_spawn", "os.spawn", "os.system", "subprocess.Popen",
        "pty.spawn",
    }  # fmt: skip
    strict = not job["ids"]

    def refuse(what):
        Recorder.current.denied += 1
        raise PermissionError(1, "not while texts are tried: " + what)

    def guard(path, folder=-1):
        if isinstance(path, int):
            return
        text = fspath(path)
        text = text.decode("utf-8", "surrogateescape") if isinstance(text, bytes) else text
        if isinstance(folder, int) and folder >= 0 and not text.startswith("/"):
            text = join(realpath("/proc/self/fd/%d" % folder), text)
        # The last part may be a link: it is the link that is removed.
        head, _, tail = text.rpartition("/")
        places = (realpath(text), join(realpath(head or ("/" if text.startswith("/") else ".")), tail))
        for place in places:
            if place.startswith(guarded):
                refuse(place)

    def hook(event, arguments):
        if event == "open":
            path, mode, flags = arguments
            if isinstance(flags, int) and flags & writing and path is not None:
                guard(path)
        elif event in changes:
            count = changes[event]
            folders = [part for part in arguments[count:] if isinstance(part, int)]
            for number in range(count):
                guard(
                    arguments[number],
                    folders[number] if event != "os.chmod" and number < len(folders) else -1,
                )
        elif (strict and event in spawning) or (
            event in ("os.kill", "os.killpg") and (arguments[0] != own or event == "os.killpg")
        ):
            refuse(event)

    sys.addaudithook(hook)


class Fingerprint:
    """What the interpreter's own functions are, so that it is noticed when a text replaces one."""

    def __init__(self):
        self.places = [(vars(where), tuple(vars(where))) for where in (builtins, unittest.TestCase, Recorder)]
        self.places = [
            (kept, tuple(n for n in names if n not in ("_", "current"))) for kept, names in self.places
        ]
        self.values = [tuple(map(kept.get, names)) for kept, names in self.places]
        self.ids = self.now()

    def now(self):
        return [tuple(map(id, map(kept.get, names))) for kept, names in self.places]

    def tampered(self):
        return self.now() != self.ids
