"""Version control by the git command: `GitRepository` implements `ports.VersionControl`."""

from grace.git.command import run_git
from grace.git.repository import GitRepository
from grace.git.workspaces import sweep, workspace

__all__ = ["GitRepository", "run_git", "sweep", "workspace"]
