"""`grace advisories`: downloading, reading, saying what is there."""

import io
import json
import threading
import zipfile
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from typer.testing import CliRunner

from grace.cli.main import app
from grace.errors import EnvironmentLacking, InputError
from grace.hunter.dependencies.database import FILE_NAME, AdvisoryDatabase
from grace.hunter.dependencies.update import download


@pytest.fixture
def home(tmp_path, monkeypatch):
    """GRACE_HOME."""
    monkeypatch.setenv("GRACE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def grace(home):
    """Run `grace advisories` for its exit code and JSON; an error comes as it is raised."""

    def grace(*words, code=0):
        done = CliRunner().invoke(app, ["advisories", *words, "--json"])
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert done.exit_code == code
        return json.loads(done.stdout)

    return grace


@pytest.fixture
def export(advisory):
    """The bytes of a zip with one advisory."""
    packed = io.BytesIO()
    recent = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("1.json", json.dumps(advisory("flask", ("introduced", "0"), modified=recent)))
    return packed.getvalue()


@pytest.fixture
def server():
    """A web server on this machine that answers each request with what it is given."""
    running = []

    def server(answer):
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                answer(self)

            def log_message(self, *_):
                pass

        started = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        started.daemon_threads = True
        threading.Thread(target=started.serve_forever, args=(0.01,), daemon=True).start()
        running.append(started)
        return f"http://127.0.0.1:{started.server_port}/all.zip"

    yield server
    for each in running:
        each.shutdown()
        each.server_close()


def sending(content, status=200, length=None):
    def answer(request):
        request.send_response(status)
        request.send_header("Content-Length", str(len(content) if length is None else length))
        request.end_headers()
        request.wfile.write(content)

    return answer


def test_an_export_is_downloaded(home, grace, server, export):
    url = server(sending(export))
    updated = grace("update", "--url", url)
    assert (updated["status"], updated["source"], updated["count"]) == ("updated", url, 1)
    status = grace("status")
    assert (status["status"], status["count"], status["database"]) == ("ok", 1, str(home / FILE_NAME))
    assert [each.id for each in AdvisoryDatabase(home / FILE_NAME).about_package("flask")] == ["PYSEC-2020-1"]


def hang(request):
    threading.Event().wait(3)


def close(request):
    request.connection.close()


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (sending(b"", status=404), "it answers 404"),
        (sending(b"", status=500), "it answers 500"),
        (sending(b"PK", length=1000), "cannot be fetched"),
        (close, "cannot be fetched"),
        (hang, "nothing came in time"),
    ],
    ids=["404", "500", "breaks off", "closes", "hangs"],
)
def test_a_download_that_fails_keeps_the_old_advisories(home, grace, server, export, answer, why):
    grace("update", "--url", server(sending(export)))
    before = (home / FILE_NAME).read_bytes()
    with pytest.raises(EnvironmentLacking, match=why) as failed:
        download(server(answer), home, silence=0.2)
    assert failed.value.exit_code == 6
    assert "are kept" in str(failed.value)
    assert (home / FILE_NAME).read_bytes() == before
    assert [path.name for path in home.iterdir()] == [FILE_NAME]


def test_a_download_that_is_no_zip_keeps_the_old_advisories(home, grace, server, export):
    grace("update", "--url", server(sending(export)))
    before = (home / FILE_NAME).read_bytes()
    with pytest.raises(InputError, match="cannot be read as a zip"):
        download(server(sending(b"<html>Log in first</html>")), home)
    assert (home / FILE_NAME).read_bytes() == before


@pytest.mark.parametrize("url", ["http://mirror.example/all.zip", "file:///etc/passwd", "ftp://x/all.zip", "all.zip"])
def test_advisories_come_by_https(tmp_path, url):
    with pytest.raises(InputError, match="by https"):
        download(url, tmp_path)


def test_advisories_are_read_from_a_folder(tmp_path, grace, advisory):
    (tmp_path / "1.json").write_text(
        json.dumps(advisory("flask", ("introduced", "0"), modified="2020-01-01T00:00:00Z"))
    )
    (tmp_path / "2.json").write_text("{")
    updated = grace("update", "--from", str(tmp_path))
    assert (updated["count"], updated["packages"], updated["unreadable"]) == (1, 1, 1)
    assert updated["unreadable_examples"][0].startswith("2.json: it is not JSON")
    status = grace("status", code=1)
    assert (status["status"], status["date"]) == ("stale", "2020-01-01T00:00:00+00:00")


def test_people_are_told_the_same(tmp_path, home, advisory):
    (tmp_path / "1.json").write_text(
        json.dumps(advisory("flask", ("introduced", "0"), modified="2020-01-01T00:00:00Z"))
    )
    (tmp_path / "2.json").write_text("{")
    done = CliRunner().invoke(app, ["advisories", "update", "--from", str(tmp_path)])
    assert done.exit_code == 0
    assert done.stdout.startswith("1 advisories about 1 packages, of 2020-01-01, from ")
    assert "1 could not be read" in done.stderr
    done = CliRunner().invoke(app, ["advisories", "status"])
    assert done.exit_code == 1
    assert "too old to rely on" in done.stdout


def test_without_advisories_the_status_says_what_to_do(grace):
    status = grace("status", code=1)
    assert status["status"] == "missing"
    assert "grace advisories update" in status["message"]


def test_one_source_is_given(grace, tmp_path):
    with pytest.raises(InputError, match="either"):
        grace("update", "--from", str(tmp_path), "--url", "https://x.example")
    with pytest.raises(InputError, match="is not there"):
        grace("update", "--from", str(tmp_path / "nothing"))
