"""A live service that answers, and every way in which one fails: then the local advisories, or a finding."""

import json
import threading
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from pip_audit._service.interface import ServiceError, SkippedDependency, VulnerabilityService

from grace.contracts import Severity
from grace.hunter.dependencies import Advisories, AdvisoriesInMemory
from grace.hunter.dependencies.vulnerability_services import OsvLiveService

PINS = {"requirements.txt": "flask==1.0\nrequests==2.0\n"}


@pytest.fixture
def osv():
    """A server on this machine in the place of OSV; gives its URL and the queries it was asked."""
    running = []

    def osv(answer):
        queries = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                queries.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                answer(self, queries[-1])

            def log_message(self, *_):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        running.append(server)
        return f"http://127.0.0.1:{server.server_port}/v1/query", queries

    yield osv
    for server in running:
        server.shutdown()
        server.server_close()


def say(request, content, status=200):
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    request.send_response(status)
    request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    request.wfile.write(body)


def knowing(*records):
    def answer(request, query):
        name = query["package"]["name"]
        found = [record for record in records if record["affected"][0]["package"]["name"] == name]
        say(request, {"vulns": found} if found else {})

    return answer


@pytest.fixture
def live(tmp_path):
    """Advisories that ask a server."""

    def live(url, store=None, seconds=3.0):
        make = partial(OsvLiveService, tmp_path, url=url, seconds=seconds)
        return Advisories(store, live=make, live_seconds=seconds)

    return live


def test_osv_answers_for_each_version_once(findings, live, osv, all_below):
    rated = {"severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:P/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N"}]}
    url, queries = osv(knowing(all_below("flask", "2.0", aliases=["CVE-1"], **rated)))
    advisories = live(url)
    for _ in range(2):
        (found,) = findings(PINS, advisories=advisories)
        assert "flask 1.0 is vulnerable: CVE-1 (PYSEC-2020-1), CVSS 1.6 low; fixed in 2.0" in found.title
        assert found.severity is Severity.LOW
    assert [(query["package"]["name"], query["version"]) for query in queries] == [
        ("flask", "1.0"),
        ("requests", "2.0"),
    ]
    assert advisories.description == "OSV, live"


def hang(request, query):
    threading.Event().wait(3)


def close(request, query):
    request.connection.close()


def trickle(request, query):
    request.send_response(200)
    request.send_header("Content-Length", "1000")
    request.end_headers()
    for _ in range(30):
        request.wfile.write(b" ")
        request.wfile.flush()
        threading.Event().wait(0.1)


FAILURES = {
    "404": lambda request, query: say(request, b"", status=404),
    "500": lambda request, query: say(request, b"", status=500),
    "no JSON": lambda request, query: say(request, b"<html>"),
    "other JSON": lambda request, query: say(request, [1]),
    "no list": lambda request, query: say(request, {"vulns": 1}),
    "pages": lambda request, query: say(request, {"vulns": [], "next_page_token": "x"}),
    "closes": close,
    "hangs": hang,
    "trickles": trickle,
}


@pytest.mark.parametrize("answer", FAILURES.values(), ids=FAILURES.keys())
def test_a_service_that_fails_is_asked_once_and_the_local_advisories_answer(findings, live, osv, all_below, answer):
    url, queries = osv(answer)
    store = AdvisoriesInMemory([all_below("flask", "2.0")])
    advisories = live(url, store, seconds=0.3)
    (found,) = findings(PINS, advisories=advisories, now=store.about.date)
    assert "flask 1.0 is vulnerable" in found.title
    assert len(queries) == 1
    assert advisories.description.startswith("OSV, live, failed: ")


@pytest.mark.parametrize("answer", FAILURES.values(), ids=FAILURES.keys())
def test_a_service_that_fails_without_local_advisories_is_one_finding_a_file(findings, live, osv, answer):
    url, queries = osv(answer)
    (found,) = findings(PINS, advisories=live(url, seconds=0.3))
    assert found.rule_id == "dependency-not-audited"
    assert "The live service failed" in found.title
    assert "`grace advisories update`" in found.title
    assert len(queries) == 1


def test_a_service_that_answers_in_drops_is_not_waited_for(findings, live, osv):
    url, _ = osv(trickle)
    advisories = live(url, seconds=0.3)
    findings(PINS, advisories=advisories)
    assert "no answer within 0.3 seconds" in advisories.description


def test_nobody_there(findings, live):
    (found,) = findings(PINS, advisories=live("http://127.0.0.1:1/v1/query"))
    assert "Nothing in requirements.txt was audited. The live service failed (ConnectionError" in found.title


class Unknowing(VulnerabilityService):
    """A service that does not know a package, as pip-audit's service for PyPI answers."""

    def query(self, spec):
        return SkippedDependency(spec.name, "not found on PyPI"), []


class Failing(VulnerabilityService):
    """A service that fails in its own way."""

    def query(self, spec):
        raise ServiceError


def test_a_package_that_the_live_service_does_not_know_is_a_finding(findings):
    found = findings(PINS, advisories=Advisories(None, live=Unknowing))
    assert [each.title for each in found] == [
        "flask was not audited: not found on PyPI",
        "requests was not audited: not found on PyPI",
    ]


def test_a_package_that_only_the_local_advisories_know_is_found_there(findings, all_below):
    store = AdvisoriesInMemory([all_below("flask", "2.0")])
    found = findings(PINS, advisories=Advisories(store, live=Unknowing), now=store.about.date)
    assert [each.rule_id for each in found] == ["vulnerable-dependency", "dependency-not-audited"]


def test_a_failure_without_words_has_a_name(findings):
    (found,) = findings(PINS, advisories=Advisories(None, live=Failing))
    assert "ServiceError" in found.title


def test_answers_of_the_live_service_do_not_age(findings, live, osv):
    from datetime import UTC, datetime

    url, _ = osv(knowing())
    old = AdvisoriesInMemory([], date=datetime(2020, 1, 1, tzinfo=UTC))
    assert findings(PINS, advisories=live(url, old)) == ()


def test_records_of_osv_that_break_the_format_are_still_found(findings, live, osv, all_below):
    record = all_below("flask", "2.0")
    record["affected"][0]["versions"] = [1]
    url, _ = osv(knowing(record))
    (found,) = findings(PINS, advisories=live(url))
    assert "flask 1.0 is vulnerable: PYSEC-2020-1, severity unknown; no fixed version is known" in found.title


def test_nothing_is_asked_over_the_network_unless_the_user_wants_it(tmp_path, monkeypatch):
    import socket

    from grace.hunter.dependencies import audit
    from grace.hunter.tree import Tree

    def refuse(*_, **__):
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    tree = Tree.of({path: text.encode() for path, text in PINS.items()})
    for advisories in (Advisories.open(tmp_path), Advisories(AdvisoriesInMemory([]))):
        audit(tree, advisories=advisories)
