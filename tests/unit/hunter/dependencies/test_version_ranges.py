"""Which versions an advisory affects, against an oracle that knows each version's answer by construction."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from grace.hunter.dependencies.advisory import Affected, Event
from grace.hunter.dependencies.version_ranges import (
    Top,
    Verdict,
    judge,
    judge_text,
    judge_top,
    lowest_fix,
    top_of,
)

RELEASES = st.lists(st.integers(0, 5), min_size=1, max_size=3).map(lambda parts: ".".join(map(str, parts)))
VERSIONS = st.builds(
    "{}{}{}{}{}".format,
    st.sampled_from(["", "", "", "1!"]),
    RELEASES,
    st.sampled_from(["", "", "a1", "b2", "rc1", "rc10"]),
    st.sampled_from(["", "", ".post1"]),
    st.sampled_from(["", "", ".dev0", ".dev3"]),
)
"""Every kind of public version, close enough to each other to collide."""


@st.composite
def advisories(draw):
    """Entries of an advisory, and for each of some versions whether it is affected."""
    order = sorted({Version(text) for text in draw(st.lists(VERSIONS, min_size=1, max_size=12))})
    flags = draw(st.lists(st.booleans(), min_size=len(order), max_size=len(order)))
    runs = []
    for at, flag in enumerate(flags):
        if flag and at and flags[at - 1]:
            runs[-1][1] = at
        elif flag:
            runs.append([at, at])
    entries, fixes = [], []
    for first, last in runs:
        listed = draw(st.booleans()) and draw(st.booleans())
        if listed:  # one by one, as spelled differently
            entries.append(Affected((), tuple(spelled(draw, order[at]) for at in range(first, last + 1))))
            continue
        start = "0" if first == 0 and draw(st.booleans()) else spelled(draw, order[first])
        events = [Event("introduced", start)]
        if last + 1 < len(order) and draw(st.booleans()):
            events.append(Event("fixed", spelled(draw, order[last + 1])))
            fixes.append(order[last + 1])
        elif last + 1 < len(order) or draw(st.booleans()):
            events.append(Event("last_affected", spelled(draw, order[last])))
        entries.append(events)
    return grouped(draw, entries), dict(zip(order, flags, strict=True)), fixes


def grouped(draw, entries):
    """Ranges of one entry, of several, or all events in one range in any order."""
    lists = [entry for entry in entries if isinstance(entry, Affected)]
    ranges = [entry for entry in entries if not isinstance(entry, Affected)]
    match draw(st.sampled_from(["one range", "one entry", "entries"])):
        case "one range" if ranges:
            together = draw(st.permutations([event for events in ranges for event in events]))
            return [*lists, Affected((tuple(together),))]
        case "one entry" if ranges:
            return [*lists, Affected(tuple(map(tuple, ranges)))]
        case _:
            return [*lists, *(Affected((tuple(events),)) for events in ranges)]


def spelled(draw, version):
    """A version as somebody else may write it."""
    ways = [str(version), f"v{version}", str(version).replace("rc", "-RC"), str(version).replace(".post", "-")]
    if not (version.pre or version.is_devrelease or version.is_postrelease):
        ways.append(f"{version}.0")
    # "0" alone is more than a version: before it comes nothing
    return draw(st.sampled_from([way for way in ways if Version(way) == version and way != "0"]))


@settings(max_examples=400, deadline=None)
@given(advisories())
def test_nothing_is_missed_and_nothing_invented(generated):
    entries, expected, _ = generated
    for version, affected in expected.items():
        assert (judge(version, entries) is Verdict.AFFECTED) is affected, version


@settings(deadline=None)
@given(advisories(), st.sampled_from(["cu118", "1", "ubuntu.2"]))
def test_a_local_build_is_affected_as_its_release_is(generated, local):
    entries, expected, _ = generated
    for version, affected in expected.items():
        assert (judge(Version(f"{version}+{local}"), entries) is Verdict.AFFECTED) is affected, version


@settings(deadline=None)
@given(advisories())
def test_the_fix_is_the_lowest_above_that_is_not_affected(generated):
    entries, expected, fixes = generated
    for version in expected:
        later = [fix for fix in sorted(fixes) if fix > version and not expected[fix]]
        assert lowest_fix(version, entries) == (later[0] if later else None)


@settings(deadline=None)
@given(advisories(), st.integers(0, 6), st.integers(0, 6))
def test_the_top_of_a_range_is_what_lies_right_below_its_end(generated, major, minor):
    entries, _, _ = generated
    ranges = [entry for entry in entries if entry.ranges]
    if major == minor == 0:
        return
    below = Version(f"{major}.{minor - 1}.9999" if minor else f"{major - 1}.9999")
    for specifier in (f"<{major}.{minor}", f">=0,<{major}.{minor}.0,!=0.1", f"<{major}.{minor},<9"):
        top = top_of(SpecifierSet(specifier))
        assert judge_top(top, ranges) is judge(below, ranges) or not ranges


@pytest.mark.parametrize(
    ("specifier", "top"),
    [
        ("", Top(None)),
        (">=1,!=2", Top(None)),
        ("<2", Top(Version("2.dev0"))),
        ("<2.0rc1", Top(Version("2.0rc1"))),
        ("<2.0.post1", Top(Version("2.0.post1"))),
        ("<=2", Top(Version("2"), included=True)),
        ("<=2,<2", Top(Version("2.dev0"))),
        ("==2.1.*", Top(Version("2.2.dev0"))),
        ("~=2.1", Top(Version("3.dev0"))),
        ("~=2.1.4", Top(Version("2.2.dev0"))),
        ("~=1!2.1", Top(Version("1!3.dev0"))),
    ],
)
def test_the_upper_end_of_a_specifier(specifier, top):
    assert top_of(SpecifierSet(specifier)) == top


def one_range(*events):
    return [Affected((tuple(Event(kind, version) for kind, version in events),))]


def test_introduced_0_means_every_version():
    entries = one_range(("introduced", "0"))
    for version in ("0", "0.dev0", "0a1", "99", "3!1"):
        assert judge(Version(version), entries) is Verdict.AFFECTED
    assert judge_top(Top(None), entries) is Verdict.AFFECTED


def test_a_range_that_does_not_say_where_it_begins_begins_at_the_first():
    assert judge(Version("1"), one_range(("fixed", "2"))) is Verdict.AFFECTED


def test_a_range_that_is_fixed_does_not_reach_an_open_end():
    assert judge_top(Top(None), one_range(("introduced", "0"), ("fixed", "2"))) is Verdict.NOT_AFFECTED


def test_a_pre_release_of_the_fix_is_affected():
    entries = one_range(("introduced", "1.0"), ("fixed", "2.0"))
    assert judge(Version("2.0rc1"), entries) is Verdict.AFFECTED
    assert judge(Version("1.0rc1"), entries) is Verdict.NOT_AFFECTED


def test_a_local_fix_is_compared_as_it_is():
    entries = one_range(("introduced", "0"), ("fixed", "2.0+fix2"))
    assert judge(Version("2.0+fix1"), entries) is Verdict.AFFECTED
    assert judge(Version("2.0+fix2"), entries) is Verdict.NOT_AFFECTED
    assert judge(Version("2.0"), entries) is Verdict.AFFECTED


def test_epochs_come_first():
    entries = one_range(("introduced", "0"), ("fixed", "2.0"))
    assert judge(Version("1!0.1"), entries) is Verdict.NOT_AFFECTED


@pytest.mark.parametrize("entries", [one_range(("introduced", "2004d")), [Affected()], [Affected(((),))]])
def test_what_cannot_be_compared_is_undecided(entries):
    assert judge(Version("1.0"), entries) is Verdict.UNDECIDED


def test_a_list_decides_where_a_range_cannot_be_compared():
    entries = [Affected(((Event("introduced", "2004d"),),), ("1.0",))]
    assert judge(Version("1.0"), entries) is Verdict.AFFECTED
    assert judge(Version("1.1"), entries) is Verdict.NOT_AFFECTED


def test_a_version_of_no_standard_is_found_where_it_is_listed():
    assert judge_text("2004d", [Affected((), ("2004b", "2004d"))]) is Verdict.AFFECTED
    assert judge_text("2004e", [Affected((), ("2004b", "2004d"))]) is Verdict.UNDECIDED
