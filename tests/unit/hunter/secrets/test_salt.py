import stat
from concurrent.futures import ThreadPoolExecutor

import pytest

from grace.errors import EnvironmentLacking
from grace.hunter.secrets import installation_salt


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("GRACE_HOME", str(tmp_path / "grace"))
    return tmp_path / "grace"


def test_the_salt_is_made_once_for_the_owner_alone(home):
    salt = installation_salt()
    assert len(salt) == 32
    assert installation_salt() == salt
    (file,) = home.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_installations_differ(home, tmp_path, monkeypatch):
    salt = installation_salt()
    monkeypatch.setenv("GRACE_HOME", str(tmp_path / "other"))
    assert installation_salt() != salt


def test_who_comes_at_the_same_time_gets_the_same(home):
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(lambda _: installation_salt(), range(40)))) == 1
    assert len(list(home.iterdir())) == 1


def test_a_home_that_cannot_be_written_is_said_to_be_so(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("GRACE_HOME", str(tmp_path / "file" / "grace"))
    with pytest.raises(EnvironmentLacking, match="GRACE_HOME"):
        installation_salt()


def test_a_broken_salt_is_not_used(home):
    installation_salt()
    (home / "secrets.salt").write_bytes(b"short")
    with pytest.raises(EnvironmentLacking, match="Delete it"):
        installation_salt()
