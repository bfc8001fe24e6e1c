"""Repositories elsewhere: how their URLs compare, and the only git commands that reach the network.

Only https, ssh and file are spoken. Nothing asks a question, and no program that the repository's settings name is
started: who may read comes from `~/.netrc` (https) or the account's ssh keys.
"""

import os
import posixpath
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from grace.errors import EnvironmentLacking, GraceError, InputError, TransientError
from grace.git.command import run_git
from grace.git.place import Place, locate
from grace.git.workspaces import sweep, unwritable, workspace

OWN_BRANCHES = "refs/heads/grace/"
"""What is delivered to a clone: the remote neither overwrites nor removes it."""
TRACKING, OWN_TRACKING = "refs/remotes/origin/", "refs/heads/"
"""Where the remote's branches are kept: in somebody's repository, and in a clone that is only GRACE's."""
_TRANSFER_SECONDS = 1800.0
_PORTS = {"https": 443, "http": 80, "ssh": 22, "git": 9418}
_SCP_LIKE = re.compile(r"(?P<user>[^@/:\s]+@)?(?P<host>\[[^\]\s]+\]|[^/:@\s]+):(?!//)(?P<path>\S+)")
_SPOKEN = ("https", "ssh", "file")
_NETWORK = (
    *(part for scheme in _SPOKEN for part in ("-c", f"protocol.{scheme}.allow=always")),
    *("-c", "credential.helper="),
    *("-c", "core.askPass="),
    *("-c", "core.alternateRefsCommand="),
    *("-c", "http.lowSpeedLimit=1000"),
    *("-c", "http.lowSpeedTime=60"),
    *("-c", "transfer.credentialsInUrl=allow"),  # one that stands in the user's own configuration is theirs
)
_SSH = "ssh -oBatchMode=yes -oConnectTimeout=20"
_PASSING = re.compile(
    r"Could not resolve host|[Tt]imed? ?out|Connection (?:refused|reset|closed)|Network is unreachable|early EOF"
    r"|RPC failed|hung up unexpectedly|returned error: (?:5\d\d|429)|Operation too slow|Temporary failure"
    r"|No route to host|SSL_ERROR_SYSCALL|[Ff]ailed to connect|Could(?:n't| not) connect"
)


def is_url(source: str) -> bool:
    """Whether this names a repository elsewhere, rather than a folder."""
    return "://" in source or (_SCP_LIKE.fullmatch(source) is not None and not Path(source).exists())


def normalised(url: str) -> str:
    """What two URLs of one repository have in common: `host[:port]/path`, or the path of a local one.

    Scheme, credentials, a default port, the host's case, `.git` and slashes at the end make no difference.
    """
    if found := _SCP_LIKE.fullmatch(url):
        host, port, path = found["host"].lower(), None, found["path"]
    elif "://" not in url:
        return _path(url)
    else:
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
        except ValueError as error:
            raise InputError(f"{without_credentials(url)!r} is not the URL of a repository: {error}.") from error
        port = None if port == _PORTS.get(parts.scheme.lower()) else port
        path = parts.path
        if parts.scheme.lower() == "file":
            return _path(path)
        host = f"[{host}]" if ":" in host else host
    return f"{host}{f':{port}' if port else ''}{_path('/' + path)}"


def without_credentials(url: str) -> str:
    """The URL, without the user and the password in it."""
    return re.sub(r"(?<=://)[^/?#]*@", "", url)


def origin(folder: Path) -> str:
    """The URL that a repository was cloned from, "" when there is none; a relative path is made absolute."""
    place = locate(folder)
    asked = (*place.options, "config", "--get", "remote.origin.url")
    url = os.fsdecode(run_git(asked, cwd=place.root, accept=(0, 1)).stdout).strip()
    return str(place.root / url) if url and not is_url(url) else url


def clone(url: str, folder: Path) -> None:
    """Make a bare clone at folder, complete or not at all.

    Raises InputError when the URL is refused or the remote refuses, TransientError when it cannot be reached now,
    EnvironmentLacking when it cannot be written.
    """
    refuse_unspoken(url)
    sweep(folder.parent)  # left behind by clones whose process was killed
    with workspace(folder.parent) as scratch:
        unfinished = scratch / folder.name
        _over_network(("clone", "--quiet", "--bare", "--no-tags", "--end-of-options", url, str(unfinished)), scratch)
        try:
            unfinished.rename(folder)
        except OSError as error:
            raise unwritable(error, f"the clone {folder}") from error


def fetch(folder: Path, *, source: str = "origin", into: str = TRACKING, prune: bool = False) -> None:
    """Bring what a repository knows of the remote's branches up to date, below `into`.

    `prune` also drops those that the remote has no more. Raises what `clone` raises.
    """
    place = locate(folder)
    if source != "origin":
        refuse_unspoken(source)
    refspecs = (f"+refs/heads/*:{into}*", f"^{OWN_BRANCHES}*")
    quietly = ("--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--no-auto-maintenance")
    how = (*quietly, "--upload-pack=git-upload-pack", *(("--prune",) if prune else ()))
    _over_network((*place.options, "fetch", *how, "--end-of-options", source, *refspecs), place.root)
    on_branch = (*place.options, "rev-parse", "--verify", "--quiet", "HEAD")
    if prune and run_git(on_branch, cwd=place.root, accept=(0, 1)).returncode:
        _follow_head(place, source)


def refuse_unspoken(url: str) -> None:
    """Raise InputError for a URL that is not reached, or that has a secret in it."""
    shown = without_credentials(url)
    if _SCP_LIKE.fullmatch(url):
        return
    scheme = url.partition("://")[0].lower() if "://" in url else "file"
    if scheme not in _SPOKEN:
        raise InputError(f"{shown} is not reached by {scheme}://: give an https, ssh or file URL.")
    userinfo = urlsplit(url).netloc.rpartition("@")[0]
    if ":" in userinfo or (userinfo and scheme == "https"):
        raise InputError(f"The URL of {shown} has a secret in it, which would be kept: put it into ~/.netrc instead.")


def _follow_head(place: Place, source: str) -> None:
    """Point HEAD at the remote's main branch, where the one that it was on is gone."""
    asked = (*place.options, "ls-remote", "--symref", "--end-of-options", source, "HEAD")
    if found := re.match(rb"ref: (refs/heads/\S+)\tHEAD", _over_network(asked, place.root)):
        run_git((*place.options, "symbolic-ref", "HEAD", os.fsdecode(found[1])), cwd=place.root)


def _over_network(arguments: tuple[str, ...], cwd: Path) -> bytes:
    account = {"GIT_SSH_COMMAND": _SSH, "HOME": str(Path.home())}
    try:
        return run_git((*_NETWORK, *arguments), cwd=cwd, environment=account, timeout=_TRANSFER_SECONDS).stdout
    except (TransientError, EnvironmentLacking):
        raise
    except GraceError as failure:
        said = without_credentials(str(failure))
        if _PASSING.search(said):
            raise TransientError(f"The remote repository could not be reached: {said}") from None
        raise InputError(
            f"The remote repository cannot be read: check its URL, and that this account may read it "
            f"(an ssh key, or ~/.netrc for https). {said}"
        ) from None


def _path(path: str) -> str:
    """A path as it compares; a relative one counts from the root, as of `git@host:owner/name`."""
    clean = posixpath.normpath("/" + unquote(path).strip("/"))
    return clean.removesuffix(".git").rstrip("/") or "/"
