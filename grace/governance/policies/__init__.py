"""The built-in policies, one per file: small pure functions of the facts. Their ids are never reused."""

from grace.governance.facts import Policy
from grace.governance.policies.build_server import build_server
from grace.governance.policies.dependencies import dependencies
from grace.governance.policies.detectors import detectors
from grace.governance.policies.findings import findings
from grace.governance.policies.governance_files import governance_files
from grace.governance.policies.isolation import isolation
from grace.governance.policies.rejection import rejection
from grace.governance.policies.risk import risk
from grace.governance.policies.tests import tests
from grace.governance.policies.untested import untested
from grace.governance.policies.verification import verification

POLICIES: tuple[Policy, ...] = (
    verification,
    isolation,
    findings,
    detectors,
    risk,
    dependencies,
    build_server,
    governance_files,
    tests,
    rejection,
    untested,
)

FLOOR = frozenset({"GP001", "GP002", "GP008"})
"""Policies whose reviews no policy file sets aside. Denials of any policy stay in any case."""
