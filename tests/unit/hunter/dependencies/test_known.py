"""What is known of a version: names, ratings, fixes, each vulnerability once."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from grace.contracts import Severity
from grace.hunter.dependencies.advisory import Advisory, Affected, Event, read_document
from grace.hunter.dependencies.known import of_newest, of_version
from grace.hunter.dependencies.rating import Rating, base_score, rate
from grace.hunter.dependencies.source_text import Unreadable

CRITICAL = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
LOW = "CVSS:3.1/AV:P/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N"
V4 = "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"


def affecting(name, *aliases, fixed="2.0", rating=Rating(), summary=""):  # noqa: B008 - a value
    ranges = ((Event("introduced", "0"), Event("fixed", fixed)),)
    return Advisory(name, aliases, summary, rating, (Affected(ranges),))


def test_advisories_of_the_same_vulnerability_are_one_with_all_names():
    known = of_version(
        Version("1.0"),
        [
            affecting("PYSEC-1", "CVE-1", fixed="1.5"),
            affecting("GHSA-1", "CVE-1", fixed="1.6", rating=Rating(Severity.LOW, "rated low"), summary="Short"),
            affecting("GHSA-2", "CVE-2"),
        ],
    )
    first, second = known.vulnerabilities
    assert first.ids == ("CVE-1", "PYSEC-1", "GHSA-1")
    assert first.rating == Rating(Severity.LOW, "rated low")
    assert first.fixed == Version("1.6")  # 1.5 is fixed by one account only
    assert first.summary == "Short"
    assert second.ids == ("CVE-2", "GHSA-2")


@settings(deadline=None)
@given(st.permutations(["A B", "C D", "B C", "E F"]))
def test_names_connect_advisories_through_others(order):
    known = of_version(Version("1.0"), [affecting(*pair.split()) for pair in order])
    assert sorted(sorted(each.ids) for each in known.vulnerabilities) == [["A", "B", "C", "D"], ["E", "F"]]


def test_one_account_is_enough_to_be_affected():
    known = of_version(Version("1.0"), [affecting("PYSEC-1", "CVE-1", fixed="0.9"), affecting("GHSA-1", "CVE-1")])
    assert [each.ids for each in known.vulnerabilities] == [("CVE-1", "GHSA-1")]


def test_an_advisory_that_cannot_be_compared_is_told_unless_another_tells_of_the_same():
    unclear = Advisory("PYSEC-1", ("CVE-1",), affected=(Affected(),))
    assert of_version(Version("1.0"), [unclear]).undecided == ("PYSEC-1",)
    assert of_version(Version("1.0"), [unclear, affecting("GHSA-1", "CVE-1")]).undecided == ()


@pytest.mark.parametrize(
    ("specifier", "found"), [("<2", True), ("<=1.9", True), ("==1.*", True), (">=1", False), ("<3", False), ("", False)]
)
def test_a_range_is_vulnerable_when_its_newest_versions_are(specifier, found):
    assert bool(of_newest(SpecifierSet(specifier), [affecting("PYSEC-1")]).vulnerabilities) is found


def test_a_name_known_only_for_harm_is_found_when_a_harmful_version_is_allowed():
    harmful = Advisory("MAL-1", affected=(Affected((), ("1.0",)),), malicious=True)
    (found,) = of_newest(SpecifierSet(">=1"), [harmful]).vulnerabilities
    assert (found.malicious, found.certain) == (True, False)
    assert of_newest(SpecifierSet(">1"), [harmful]).vulnerabilities == ()
    assert of_newest(SpecifierSet(">=1"), [harmful, affecting("PYSEC-1")]).vulnerabilities == ()


@pytest.mark.parametrize(
    ("record", "rating"),
    [
        ({"severity": [{"type": "CVSS_V3", "score": CRITICAL}]}, Rating(Severity.HIGH, "CVSS 9.8 critical")),
        ({"severity": [{"type": "CVSS_V4", "score": V4}]}, Rating(Severity.HIGH, "CVSS 9.3 critical")),
        ({"severity": [{"type": "CVSS_V3", "score": LOW}]}, Rating(Severity.LOW, "CVSS 1.6 low")),
        (
            {"severity": [{"score": LOW}, {"score": CRITICAL}], "database_specific": {"severity": "LOW"}},
            Rating(Severity.HIGH, "CVSS 9.8 critical"),
        ),
        ({"database_specific": {"severity": "MODERATE"}}, Rating(Severity.MEDIUM, "rated moderate")),
        ({"database_specific": {"severity": "CRITICAL"}}, Rating(Severity.HIGH, "rated critical")),
        (
            {"severity": [{"score": "CVSS:3.1/nonsense"}], "database_specific": {"severity": "LOW"}},
            Rating(Severity.LOW, "rated low"),
        ),
        ({"severity": "high", "database_specific": []}, Rating(None, "severity unknown")),
        ({}, Rating(None, "severity unknown")),
    ],
)
def test_ratings(record, rating):
    assert rate(record, []) == rating


def test_ratings_beside_the_affected_versions_count():
    assert rate({}, [{"severity": [{"score": CRITICAL}]}]).severity is Severity.HIGH
    assert rate({}, [{"ecosystem_specific": {"severity": "low"}}]).severity is Severity.LOW


@settings(deadline=None)
@given(st.one_of(st.text(max_size=40), st.text("CVSS:34.01/AVNCLPRUIH", max_size=60)))
def test_any_text_is_a_vector_or_none(text):
    assert base_score(text) is None


def test_records_are_read(advisory):
    record = advisory("Flask_Login", ("introduced", "0"), ("fixed", "1.0"), aliases=["CVE-1"], versions=["0.9"])
    record["affected"].append({"package": {"ecosystem": "npm", "name": "flask"}})
    record["affected"][0]["ranges"].append({"type": "GIT", "events": [{"introduced": "abc"}]})
    record["details"] = "Long\n\x1b[31mtext " * 100
    document = read_document(record)
    read = document.packages["flask-login"]
    assert document.packages.keys() == {"flask-login"}
    assert read.affected == (Affected(((Event("introduced", "0"), Event("fixed", "1.0")),), ("0.9",)),)
    assert read.aliases == ("CVE-1",)
    assert len(read.summary) == 200
    assert read.summary.isprintable()


@pytest.mark.parametrize("withdrawn", [None, "", "null"])
def test_what_is_not_withdrawn(advisory, withdrawn):
    assert not read_document(advisory("a", withdrawn=withdrawn)).withdrawn


def test_withdrawn(advisory):
    assert read_document(advisory("a", withdrawn="2024-01-01T00:00:00Z")).withdrawn


@pytest.mark.parametrize(
    "change",
    [
        {"id": None},
        {"id": "../../etc"},
        {"affected": "all"},
        {"affected": [1]},
        {"affected": [{"package": {"ecosystem": "PyPI", "name": "../a"}}]},
        {"affected": [{"package": {"ecosystem": "PyPI", "name": "a"}, "ranges": {}}]},
        {"affected": [{"package": {"ecosystem": "PyPI", "name": "a"}, "ranges": [{"events": [{"fixed": 2}]}]}]},
        {"affected": [{"package": {"ecosystem": "PyPI", "name": "a"}, "versions": [1.0]}]},
        {"affected": [{"package": {"ecosystem": "PyPI", "name": "a"}, "versions": ["1.0 2.0"]}]},
        {"aliases": "CVE-1"},
    ],
)
def test_records_that_break_the_format_are_refused(advisory, change):
    with pytest.raises(Unreadable):
        read_document({**advisory("a", ("introduced", "0")), **change})


@pytest.mark.parametrize(
    ("more", "malicious"),
    [
        ({"id": "MAL-2024-1"}, True),
        ({"aliases": ["MAL-2024-1"]}, True),
        ({"database_specific": {"malicious-packages-origins": [{"source": "x"}]}}, True),
        ({"database_specific": {"severity": "CRITICAL"}}, False),
    ],
)
def test_what_was_made_to_do_harm(advisory, more, malicious):
    assert read_document({**advisory("a", ("introduced", "0")), **more}).packages["a"].malicious is malicious


def test_records_from_before_osv_are_refused(advisory):
    record = advisory("a", ("introduced", "0"))
    record["affects"] = record.pop("affected")
    with pytest.raises(Unreadable, match="it does not say what is affected"):
        read_document(record)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(["id", "affected", "aliases", "summary", "severity", "modified"]), JSON) | JSON)
def test_any_json_is_read_or_refused(document):
    try:
        assert read_document(document).id
    except Unreadable as error:
        assert str(error)
