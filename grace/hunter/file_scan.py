"""Runs the detectors that look at one file at a time; a file that was looked at before is not read again."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from hashlib import blake2b
from typing import TYPE_CHECKING

from grace.contracts import Finding
from grace.hunter.cache import ResultCache
from grace.hunter.detection import Detection, Judgement
from grace.hunter.detectors import ANALYSED, FileDetector, suffix
from grace.hunter.tree import Tree
from grace.progress import Progress, report

if TYPE_CHECKING:
    from pydantic import TypeAdapter

MOST_SOURCE_BYTES = 2_000_000
TOO_LARGE = "too large"
VANISHED = "it cannot be read, or vanished during the scan"
_AT_A_TIME = 64
_SAMPLE = 8_000


@dataclass
class Found:
    """What a detector says about the files of a tree."""

    findings: list[Finding] = field(default_factory=list)
    failures: dict[str, str] = field(default_factory=dict)
    """Path -> why it was not analysed; TOO_LARGE for what is over the limit."""
    judgements: list[Judgement] = field(default_factory=list)
    crashes: dict[str, str] = field(default_factory=dict)
    """Path -> the exception that no detector should raise; "" where it is about no single file."""
    files: int = 0
    """How many it was to look at."""

    def add(self, detection: Detection) -> None:
        """Take in what was said about more files."""
        self.findings += detection.findings
        self.failures.update(detection.failures)
        self.judgements += detection.judgements


def scan_files(
    tree: Tree, detectors: Sequence[FileDetector], results: ResultCache, *, only: Collection[str] | None = None
) -> dict[str, Found]:
    """What each detector finds, by its name; `only` limits it to some paths."""
    found = {detector.name: Found() for detector in detectors}
    missing: dict[str, list[FileDetector]] = {}
    shelves: dict[str, str | None] = {}
    for detector in detectors:
        paths = [path for path in (tree.keys if only is None else only) if detector.wants(path) and path in tree.keys]
        found[detector.name].files = len(paths)
        shelf = shelves[detector.name] = detector.shelf() if paths else None
        keys = {path: _key(path, tree.keys[path]) for path in paths}
        kept = results.get_many(shelf, keys.values()) if shelf else {}
        for path, key in keys.items():
            answer = unpacked(kept[key]) if key in kept else None
            if answer is None:
                missing.setdefault(path, []).append(detector)
            else:
                found[detector.name].add(answer)
    order = sorted(missing)
    for start in range(0, len(order), _AT_A_TIME):
        some = order[start : start + _AT_A_TIME]
        report(Progress("scan", f"{start:,} of {len(order):,} files, {some[0]}"))
        made = _detect({path: missing[path] for path in some}, tree, found)
        for name, values in made.items():
            if shelf := shelves[name]:
                results.put_many(shelf, values)
    return found


def _detect(
    wanted: Mapping[str, Sequence[FileDetector]], tree: Tree, found: Mapping[str, Found]
) -> dict[str, dict[str, bytes]]:
    """Look at some files; gives what is to be kept, by detector."""
    contents = tree.read_many(list(wanted))
    made: dict[str, dict[str, bytes]] = {}
    for path, detectors in wanted.items():
        content = contents.get(path)
        for detector in detectors:
            if content is None:
                found[detector.name].failures[path] = VANISHED
                continue
            try:
                detection = _look(detector, path, content)
            except Exception as error:  # noqa: BLE001 - it becomes a finding, and the scan goes on
                found[detector.name].crashes[path] = f"{type(error).__name__}: {error}"
                continue
            found[detector.name].add(detection)
            made.setdefault(detector.name, {})[_key(path, tree.keys[path])] = packed(detection)
    return made


def _look(detector: FileDetector, path: str, content: bytes) -> Detection:
    is_source = suffix(path) in ANALYSED
    if len(content) > MOST_SOURCE_BYTES:
        if is_source:
            return Detection(failures={path: TOO_LARGE})
        if b"\0" in content[:_SAMPLE]:  # no text: an image, an archive
            return Detection()
    return _masked(detector.detect(path, content))


def _masked(detection: Detection) -> Detection:
    """A line that is shown as evidence may hold a secret as well."""
    from grace.hunter.secrets import masked

    def shown(finding: Finding) -> Finding:
        flow = tuple(step.model_copy(update={"text": masked(step.text, step.location.path)}) for step in finding.flow)
        evidence = masked(finding.evidence, finding.location.path)
        return finding.model_copy(update={"evidence": evidence, "flow": flow})

    return replace(detection, findings=tuple(map(shown, detection.findings)))


def _key(path: str, blob: str) -> str:
    """What an answer about a file follows from: its content, and its path, which says what the file is for."""
    return blake2b(f"{blob}\0{path}".encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def packed(detection: Detection) -> bytes:
    """An answer as it is kept; nothing found is no bytes."""
    if not (detection.findings or detection.failures or detection.judgements):
        return b""
    return _adapter().dump_json(detection, exclude_defaults=True)


def unpacked(kept: bytes) -> Detection | None:
    """An answer that was kept, None when its bytes are not one."""
    from pydantic import ValidationError

    if not kept:
        return Detection()
    try:
        return _adapter().validate_json(kept)
    except ValidationError:
        return None


@cache
def _adapter() -> "TypeAdapter[Detection]":
    from pydantic import TypeAdapter

    return TypeAdapter(Detection)
