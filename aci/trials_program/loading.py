"""Texts in the place of a file, for everything that imports it."""

# mypy: ignore-errors
import importlib
import importlib.machinery
import importlib.util
import os
import sys

from .recording import MODULES


class Substitute:
    """Gives the import system the text in place of the file."""

    text = ""
    target = ""

    @classmethod
    def install(cls, target):
        cls.target = target
        loader = importlib.machinery.SourceFileLoader
        get_code, get_source = loader.get_code, loader.get_data

        def code(self, fullname):
            if os.path.realpath(self.path) == cls.target:
                return compile(cls.text, cls.target, "exec", dont_inherit=True)
            return get_code(self, fullname)

        def data(self, path):
            if os.path.realpath(path) == cls.target:
                return cls.text.encode("utf-8")
            return get_source(self, path)

        loader.get_code = code
        loader.get_data = data


def load_target(job):
    """Return the module of the text, imported when it was not yet."""
    module = _loaded(job)
    MODULES.add(module.__name__)
    return module


def _loaded(job):
    target = Substitute.target
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None)
        if isinstance(file, str) and module.__name__ != "__mp_main__" and os.path.realpath(file) == target:
            return module
    parts = job["path"][:-3].split("/")
    name = parts[-1]
    folder = os.path.dirname(target)
    at = len(parts) - 2
    while at >= 0 and os.path.exists(os.path.join(folder, "__init__.py")):
        name = parts[at] + "." + name
        folder = os.path.dirname(folder)
        at -= 1
    if name.endswith(".__init__"):
        name = name[: -len(".__init__")]
    if folder not in sys.path:
        sys.path.insert(0, folder)
    if all(part.isidentifier() for part in name.split(".")):
        try:
            module = importlib.import_module(name)
            if os.path.realpath(getattr(module, "__file__", "") or "") == target:
                return module
        except ImportError:
            pass
    spec = importlib.util.spec_from_file_location("patchwright_target", target)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


FOREIGN = set()


def forget(root):
    """Drop the repository's modules, so that the next import takes the text."""
    inside = root.rstrip("/") + "/"
    for name in set(sys.modules) - FOREIGN:
        file = getattr(sys.modules[name], "__file__", None)
        if isinstance(file, str) and file.startswith(inside) and "site-packages" not in file:
            sys.modules.pop(name, None)
        else:
            FOREIGN.add(name)


def foreign_modules(root):
    inside = root.rstrip("/") + "/"
    names = []
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if isinstance(file, str) and (not file.startswith(inside) or "site-packages" in file):
            names.append(name)
    return names


def preload(name, job):
    """Import what every text will import anyway, so that each fork finds it there."""
    if name in sys.modules or name == "__main__" or name.startswith(("patchwright_", "conftest", "test_")):
        return
    try:
        importlib.import_module(name)
    except BaseException:
        sys.modules.pop(name, None)
