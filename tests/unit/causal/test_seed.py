import pytest

from grace.causal.seed import Region, Seed, Span, seed_of_diff, seed_of_files, seed_of_work
from grace.git import run_git

CHANGE = """\
diff --git a/pkg/a.py b/pkg/a.py
index 1..2 100644
--- a/pkg/a.py
+++ b/pkg/a.py
@@ -2,4 +2,4 @@ def f():
 two
-three
+THREE
 four
 five
"""


def test_changed_lines_are_those_of_the_version_before():
    assert seed_of_diff(CHANGE) == Seed((Region("pkg/a.py", (Span(3, 3),)),))


def test_or_of_the_version_after_when_the_diff_is_applied():
    diff = "--- a/a.py\n+++ b/a.py\n@@ -1,2 +1,4 @@\n+zero\n+more\n one\n-two\n+TWO\n"
    assert seed_of_diff(diff, applied=True) == Seed((Region("a.py", (Span(1, 2), Span(4, 4))),))


def test_added_text_lies_between_lines_and_tells_where_it_belongs():
    diff = "--- a/a.py\n+++ b/a.py\n@@ -7,0 +8,2 @@\n+        x = 1\n+        y = 2\n"
    assert seed_of_diff(diff) == Seed((Region("a.py", (Span(8, 7, 8, False),)),))


@pytest.mark.parametrize("line", ["def g():", "    async def g(self):", "@cached", "class C:"])
def test_new_functions_and_classes_are_known_as_such(line):
    diff = f"--- a/a.py\n+++ b/a.py\n@@ -7,0 +8,2 @@\n+\n+{line}\n"
    ((_, (span,)),) = seed_of_diff(diff).regions
    assert span.defines


def test_comments_and_blank_lines_change_nothing():
    diff = "--- a/a.py\n+++ b/a.py\n@@ -1,2 +1,2 @@\n-# one\n+# two\n x = 1\n@@ -9,0 +10 @@\n+\n"
    assert seed_of_diff(diff) == Seed((Region("a.py", ()),))


@pytest.mark.parametrize(
    ("diff", "paths"),
    [
        (
            "diff --git a/n.py b/n.py\nnew file mode 100644\n--- /dev/null\n+++ b/n.py\n@@ -0,0 +1 @@\n+x = 1\n",
            ["n.py"],
        ),
        (
            "diff --git a/n.py b/n.py\ndeleted file mode 100644\n--- a/n.py\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n",
            ["n.py"],
        ),
        ("diff --git a/o.py b/n.py\nsimilarity index 100%\nrename from o.py\nrename to n.py\n", ["n.py", "o.py"]),
        ("diff --git a/i.png b/i.png\nindex 1..2 100644\nBinary files a/i.png and b/i.png differ\n", ["i.png"]),
        ("diff --git a/e.py b/e.py\nnew file mode 100644\nindex 000..e69\n", ["e.py"]),
        ('diff --git "a/t\\303\\274.py" "b/t\\303\\274.py"\nold mode 1\nnew mode 2\nBinary files differ\n', ["tü.py"]),
    ],
)
def test_files_that_come_go_or_move_change_as_a_whole(diff, paths):
    assert seed_of_diff(diff) == Seed(tuple(Region(path) for path in paths))


def test_lines_that_look_like_headers_are_content_within_a_hunk():
    first = "--- a/a.sql\n+++ b/a.sql\n@@ -1,2 +1,2 @@\n--- old\n+++ new\n rest\n"
    diff = first + "--- a/b.py\n+++ b/b.py\n@@ -1 +1 @@\n-x\n+y\n"
    assert seed_of_diff(diff) == Seed((Region("a.sql", (Span(1, 1),)), Region("b.py", (Span(1, 1),))))


def test_no_newline_at_the_end_of_a_file():
    diff = "--- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n-x\n\\ No newline at end of file\n+y\n"
    assert seed_of_diff(diff) == Seed((Region("a.py", (Span(1, 1),)),))


def test_nothing_is_nothing():
    assert seed_of_diff("") == Seed()
    assert seed_of_files() == Seed()


def test_work_that_is_not_committed(make_repository):
    repository = make_repository({"a.py": "one\ntwo\n", "sub/b.py": "x\n", "gone.py": "x\n"})
    (repository.root / "a.py").write_text("zero\none\ntwo\n")
    (repository.root / "new.py").write_text("x\n")
    (repository.root / "gone.py").unlink()
    run_git(("config", "diff.noprefix", "true"), cwd=repository.root)
    seed = seed_of_work(repository.root)
    assert {region.path: region.spans for region in seed.regions} == {
        "a.py": (Span(1, 1),),
        "gone.py": None,
        "new.py": None,
    }
