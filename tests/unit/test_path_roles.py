import pytest

from grace.path_roles import decides_tests, is_test, names_dependencies, runs_in_ci, sets_policy


@pytest.mark.parametrize(
    "path", ["test_a.py", "a_test.py", "tests/helper.py", "x/test/y.py", "conftest.py", "app/tests.py"]
)
def test_is_a_test(path):
    assert is_test(path)


@pytest.mark.parametrize(
    "path", ["a.py", "testimony.py", "contest.py", "latest.py", "tests/data.json", "src/tested.py"]
)
def test_is_no_test(path):
    assert not is_test(path)


@pytest.mark.parametrize(
    ("role", "path"),
    [
        (decides_tests, "tests/data/x.json"),
        (decides_tests, "sub/pytest.ini"),
        (names_dependencies, "requirements-dev.txt"),
        (names_dependencies, "sub/pyproject.toml"),
        (names_dependencies, "requirements/base.in"),
        (runs_in_ci, ".github/actions/x/action.yml"),
        (runs_in_ci, ".gitlab-ci.yml"),
        (runs_in_ci, "tox.ini"),
        (sets_policy, "docs/CODEOWNERS"),
        (sets_policy, ".grace/x"),
    ],
)
def test_roles(role, path):
    assert role(path)
    assert not role("src/requirements.py")
