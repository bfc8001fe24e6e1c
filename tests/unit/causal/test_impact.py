import hashlib

import pytest

from grace.causal import assess_impact
from grace.contracts import Change, FileEdit, Provenance, Risk


@pytest.fixture
def assess(make_repository):
    """Assess an edit of some paths in a repository of files."""

    def assess(files, *edited):
        repository = make_repository(files)
        edits = tuple(
            FileEdit(
                path=path,
                before_hash=hashlib.sha256(files[path].encode()).hexdigest() if path in files else None,
                after=b"changed = True\n",
            )
            for path in edited
        )
        base = repository.resolve("HEAD")
        change = Change(base_revision=base, edits=edits, patch="", rationale="", provenance=Provenance(strategy="t"))
        impact = assess_impact(change, repository=repository)
        assert impact.change_digest == change.digest
        return impact

    return assess


CHAIN = {
    "core.py": "",
    "middle.py": "import core",
    "app.py": "import middle",
    "other.py": "",
    "tests/test_app.py": "import app",
    "tests/test_other.py": "import other",
}


def test_everything_that_imports_the_edit_is_affected_at_its_distance(assess):
    impact = assess(CHAIN, "core.py")
    assert [(a.path, a.distance, a.why) for a in impact.files] == [
        ("core.py", 0, "edited"),
        ("middle.py", 1, "imports core.py"),
        ("app.py", 2, "imports middle.py"),
    ]
    assert [(a.path, a.distance) for a in impact.tests] == [("tests/test_app.py", 3)]
    assert impact.risk is Risk.LOW
    assert impact.reasons == ("2 other files import what is edited; 1 test files reach it",)
    assert impact.blind_spots == ()


def test_cycles_end(assess):
    impact = assess({"a.py": "import b", "b.py": "import a"}, "a.py")
    assert [a.path for a in impact.files] == ["a.py", "b.py"]


def test_a_package_interface_reaches_those_who_import_below_it(assess):
    files = {"pkg/__init__.py": "", "pkg/core.py": "", "test_core.py": "import pkg.core"}
    impact = assess(files, "pkg/__init__.py")
    assert [a.path for a in impact.tests] == ["test_core.py"]
    assert impact.risk is Risk.MEDIUM
    assert "interface" in impact.reasons[0]


def test_what_no_test_reaches_is_medium(assess):
    impact = assess({"a.py": "", "test_b.py": ""}, "a.py")
    assert (impact.risk, impact.reasons) == (Risk.MEDIUM, ("no test imports what is edited",))


def test_many_importers_are_medium_and_most_of_the_project_is_high(assess):
    importers = {f"user{n}.py": "import core" for n in range(11)}
    files = {"core.py": "", "test_core.py": "import core", **importers}
    bystanders = {f"other{n}.py": "" for n in range(20)}
    assert assess(files | bystanders, "core.py").risk is Risk.MEDIUM


def test_most_of_the_project_is_high(assess):
    files = {
        "core.py": "",
        "test_core.py": "import core",
        **{f"user{n}.py": "import core" for n in range(11)},
    }
    impact = assess(files, "core.py")
    assert impact.risk is Risk.HIGH
    assert "92%" in impact.reasons[0]


def test_many_edits_are_high(assess):
    files = {f"a{n}.py": "" for n in range(11)} | {"test_a.py": "import a0"}
    assert assess(files, *(f"a{n}.py" for n in range(11))).risk is Risk.HIGH


def test_blind_spots_name_what_was_not_seen(assess):
    files = {
        "a.py": "",
        "broken.py": "def f(:",
        "dynamic.py": "__import__(name)",
        "data.json": "{}",
        "test_a.py": "import a",
    }
    spots = assess(files, "a.py", "data.json").blind_spots
    assert [spot.split()[0] for spot in spots] == ["data.json", "broken.py", "dynamic.py"]


def test_a_new_file_is_affected_itself(assess):
    impact = assess({"a.py": ""}, "new.py")
    assert [a.path for a in impact.files] == ["new.py"]
