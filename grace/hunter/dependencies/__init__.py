"""The dependencies that a repository declares, against known vulnerabilities.

    declarations, readers/      what a file declares, one file a format
    formats, dependency_files   which files of a tree declare dependencies, and what they include
    coverage                    which versions are known: exact ones, and what lock files decide
    advisory, rating            a known vulnerability as OSV describes it, and how bad it is
    version_ranges, known       which versions it affects, each vulnerability once
    database, export, update    the local advisory database: reading, importing, downloading
    sources                     where a run's knowledge comes from: live, local, in that order
    vulnerability_services      the same as pip-audit's auditor asks it
    inquiry, gaps, findings     asking, what could not be audited, what is said
    audit                       all of it

Advisories come from OSV (https://osv.dev) and from the Python Packaging Advisory Database
(https://github.com/pypa/advisory-database, CC BY 4.0); none of them are shipped.
"""

from grace.hunter.dependencies.audit import audit
from grace.hunter.dependencies.formats import is_dependency_file
from grace.hunter.dependencies.sources import Advisories, AdvisoriesInMemory

__all__ = ["Advisories", "AdvisoriesInMemory", "audit", "is_dependency_file"]
