"""The Python files of a tree: what is known of each by its content, and the modules of those that had to be read."""

import json
from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b

from grace.hunter.cache import Shelf
from grace.hunter.detectors import TEMPLATES, suffix
from grace.hunter.python_source import Unreadable, parse
from grace.hunter.taint.engine import Engine
from grace.hunter.taint.frame import Answers
from grace.hunter.taint.interface import Interface, interface_of
from grace.hunter.taint.program import Module
from grace.hunter.taint.records import (
    Outline,
    Record,
    Trace,
    outline,
    packed_top,
    unpacked,
    unpacked_outline,
    unpacked_top,
)
from grace.hunter.templates import UnsafeName, references, unsafe_names
from grace.hunter.tree import Tree

_AT_A_TIME = 64


class ProgramFiles:
    """Reads files as they are needed, and remembers on a shelf what was found out about them."""

    def __init__(self, tree: Tree, paths: Sequence[str], kept: Shelf) -> None:
        self.tree = tree
        self.paths = paths
        self.present = frozenset(paths)
        self.unreadable: dict[str, str] = {}
        self._places = {path: place for place, path in enumerate(paths)}
        self._kept = kept
        self._contents: dict[str, bytes] = {}
        self._modules: dict[str, Module | None] = {}
        self._texts: dict[str, list[str]] = {}
        self._pages: dict[str, list[str]] = {}
        self._outlines: dict[str, Outline] = {}
        self._shown: dict[str, Interface] = {}
        for path, blob in tree.keys.items():
            if suffix(path) in TEMPLATES:
                self._outlines[path] = {"": blob}
                self._pages.setdefault(path.rpartition("templates/")[2], []).append(path)

    def module(self, path: str) -> Module | None:
        """A module, read once; None when it cannot be read or is no Python."""
        if path not in self._modules:
            self._modules[path] = self._read(path)
        return self._modules[path]

    def _read(self, path: str) -> Module | None:
        if path not in self._contents:
            place = self._places.get(path, len(self.paths))
            self._contents |= self.tree.read_many([path, *self.paths[place + 1 : place + _AT_A_TIME]])
        content = self._contents.pop(path, None)
        if content is None or not _is_python(path, content):
            self._outlines[path] = {"": ""}
            return None
        try:
            tree = parse(content)
        except Unreadable as error:
            self.unreadable[path] = str(error)
            self._outlines[path] = {"": str(error)}
            return None
        module = Module(path, tree, content.decode("utf-8", "replace").splitlines())
        self._outlines[path] = outline(module)
        return module

    def lines(self, path: str) -> list[str]:
        """The lines of a file; none when it cannot be read."""
        module = self._modules.get(path)
        if module is not None:
            return module.lines
        if path not in self._texts:
            content = self.tree.read_many([path]).get(path, b"")
            self._texts[path] = content.decode("utf-8", "replace").splitlines()
        return self._texts[path]

    # ── templates ────────────────────────────────────────────────────────────────────────────────────

    def named(self, name: str) -> Sequence[str]:
        """The templates that a name may mean."""
        return self._pages.get(name.removeprefix("./").lstrip("/"), ())

    def unsafe(self, path: str) -> Sequence[UnsafeName]:
        """What a template prints without escaping."""
        return unsafe_names("\n".join(self.lines(path)), path)

    def references(self, path: str) -> Sequence[str]:
        """The names of the templates that it includes or extends."""
        return references("\n".join(self.lines(path)))

    # ── what is known ────────────────────────────────────────────────────────────────────────────────

    def known(self, show: Callable[[str], Interface]) -> dict[str, Record]:
        """The records that hold; `show` runs the top level of a module."""
        keys = self.tree.keys
        outlines = self._kept.get_many({f"outline {keys[path]}" for path in self.paths})
        for path in self.paths:
            if (found := unpacked_outline(outlines.get(f"outline {keys[path]}"))) is not None:
                self._outlines[path] = found
        kept = self._kept.get_many([_key(path, keys[path]) for path in self.paths])
        records = {path: unpacked(kept[key]) for path in self.paths if (key := _key(path, keys[path])) in kept}
        held = {
            path: record
            for path, record in records.items()
            if record is not None and path in self._outlines and record.trace.holds(self._outlines, self.present)
        }
        self._shown = self._interfaces(show)
        return {path: record for path, record in held.items() if record.trace.means_the_same(self._shown)}

    def _interfaces(self, show: Callable[[str], Interface]) -> dict[str, Interface]:
        """What each module shows: as it was kept where that holds, or else found out by running its top level."""
        names = {path: self._top(path) for path in self._outlines}
        kept = self._kept.get_many(names.values())
        tops = {path: unpacked_top(kept.get(name)) for path, name in names.items()}
        traces = {path: top[0] for path, top in tops.items() if top and top[0].holds(self._outlines, self.present)}
        shown = {path: top[1] for path, top in tops.items() if top and path in traces}
        changed = self._outlines.keys() - traces.keys()
        while changed:
            shown |= {path: show(path) for path in changed}
            changed = {path for path, trace in traces.items() if not trace.means_the_same(shown)}
            for path in changed:
                del traces[path]
        return shown

    def _top(self, path: str) -> str:
        return f"top {path} {self._outlines[path].get('', '')}"

    def trace(self, answers: Answers) -> Trace:
        """What answers follow from, with the digests of now."""
        used: dict[str, dict[str, str]] = {}
        for path, name in answers.used:
            used.setdefault(path, {})[name] = self._outlines.get(path, {}).get(name, "")
        names: dict[str, dict[str, str]] = {}
        for path, name in answers.names:
            names.setdefault(path, {})[name] = self._shown.get(path, {}).get(name, "")
        return Trace(used, tuple(sorted(answers.asked)), names)

    def learn(self, engine: Engine) -> None:
        """Take over what the modules that ran show."""
        self._shown |= {path: interface_of(module, engine.heap) for path, (module, _) in engine.ran.items()}

    def keep(self, records: Mapping[str, Record], engine: Engine) -> None:
        """Remember what was found out."""
        keys = self.tree.keys
        self._kept.put_many({_key(path, keys[path]): record.packed() for path, record in records.items()})
        read = {f"outline {keys[path]}": json.dumps(self._outlines[path]).encode() for path in self._modules}
        self._kept.put_many(read)
        tops = {path: packed_top(self.trace(answers), self._shown[path]) for path, (_, answers) in engine.ran.items()}
        self._kept.put_many({self._top(path): top for path, top in tops.items()})


def _key(path: str, blob: str) -> str:
    return blake2b(f"{blob}\0{path}".encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _is_python(path: str, content: bytes) -> bool:
    return path.endswith((".py", ".pyw", ".pyi")) or b"python" in content[:200].split(b"\n", 1)[0]
