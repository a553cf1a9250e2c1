"""The name of a repository in long-term memory: the same for its clones, without anybody's secrets."""

import subprocess
from pathlib import Path

import pytest

from envs.repository import Repository
from envs.source import identity_of, resolve


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org/owner/name",
        "https://EXAMPLE.org/owner/name.git",
        "https://user:s3cret-token@example.org/owner/name.git?token=s3cret",
        "https://user:p@ss@example.org/owner/name/",
        "ssh://git@example.org/owner/name.git",
        "git@example.org:owner/name.git",
    ],
)
def test_clones_share_the_name_of_where_they_came_from(git_repo, url) -> None:
    repository = git_repo({"a": "b"})
    subprocess.run(["git", "remote", "add", "origin", url], cwd=repository, check=True)
    assert identity_of(resolve(repository)) == "example.org/owner/name"
    assert identity_of(resolve(url)) == "example.org/owner/name"


@pytest.mark.parametrize("origin", [None, "/srv/name.git", "../name", "file:///srv/name"])
def test_a_repository_of_this_machine_is_known_by_its_path(git_repo, origin) -> None:
    repository = git_repo({"a": "b"})
    if origin:
        subprocess.run(["git", "remote", "add", "origin", origin], cwd=repository, check=True)
    assert identity_of(resolve(repository)) == str(repository)


def test_a_prepared_repository_knows_its_name(git_repo, tmp_path: Path) -> None:
    repository = git_repo({"a": "b"})
    assert Repository.prepare(repository, tmp_path / "host").identity == str(repository)
