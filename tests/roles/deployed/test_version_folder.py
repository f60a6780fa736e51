"""The folder of a deployed version: all or nothing, and nothing that was changed."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from common.errors import DeploymentError, SandboxError
from events.keys import MemoryKeys
from roles.deployed.manifest import Manifest, Signer, manifest_of
from roles.deployed.version_folder import Version, read_version, versions_in, write_version

FILES = {"sample/__init__.py": b"x = 1\n", "tests/test_sample.py": b"", "README.md": b"# Sample\n"}


def manifest(version: str = "1.0.0", files: dict[str, bytes] = FILES) -> Manifest:
    return manifest_of(
        "sample", version, files, created=datetime(2026, 11, 21, tzinfo=UTC), specification_hash="s", build="b",
        figures={"coverage": 0.9},
    )  # fmt: skip


@pytest.fixture
def keys() -> MemoryKeys:
    return MemoryKeys()


@pytest.fixture
def signer(keys: MemoryKeys) -> Signer:
    return Signer(keys)


@pytest.fixture
def written(tmp_path: Path, signer: Signer) -> Version:
    version = write_version(tmp_path, manifest(), FILES, signer)
    assert version is not None
    return version


def test_what_was_written_is_read(written: Version, signer: Signer, tmp_path: Path) -> None:
    read = read_version(written.folder, signer, manifest_hash=written.manifest_hash, signature=written.signature)
    assert read == written
    assert read.files == FILES
    assert read.manifest.figures == {"coverage": 0.9}
    assert versions_in(tmp_path, "sample") == ["1.0.0"]
    assert versions_in(tmp_path, "other") == []


@pytest.mark.parametrize("path", sorted(FILES))
def test_a_changed_file_is_refused(written: Version, signer: Signer, path: str) -> None:
    (written.folder / path).write_bytes(FILES[path] + b"#")
    with pytest.raises(DeploymentError, match=f"{path} was changed") as raised:
        read_version(written.folder, signer)
    assert "roll it back" in raised.value.todo


def test_a_missing_file_is_refused(written: Version, signer: Signer) -> None:
    (written.folder / "README.md").unlink()
    with pytest.raises(DeploymentError, match=r"README\.md of a deployed agent can't be read"):
        read_version(written.folder, signer)


def test_a_file_that_nobody_signed_is_not_loaded(written: Version, signer: Signer) -> None:
    (written.folder / "sample" / "extra.py").write_text("x = 2")
    assert "sample/extra.py" not in read_version(written.folder, signer).files


def test_a_manifest_that_was_written_anew_is_refused(written: Version, signer: Signer, tmp_path: Path) -> None:
    changed = dict(FILES) | {"sample/__init__.py": b"import os\n"}
    other = write_version(tmp_path / "elsewhere", manifest(files=changed), changed, Signer(MemoryKeys()))
    assert other is not None
    with pytest.raises(DeploymentError, match="key that signed this agent is not there"):
        read_version(other.folder, signer)
    with pytest.raises(DeploymentError, match="signature of this agent is wrong"):
        read_version(other.folder, signer, signature=written.signature)
    with pytest.raises(DeploymentError, match="not the one that was deployed"):
        read_version(other.folder, signer, manifest_hash=written.manifest_hash, signature=written.signature)


def test_a_key_of_a_tenant_signs_nothing(written: Version, keys: MemoryKeys, signer: Signer) -> None:
    of_tenant = keys.current("default")
    forged = f"hmac-sha256:{of_tenant.id}:{written.signature.rpartition(':')[2]}"
    with pytest.raises(DeploymentError, match="signature"):
        read_version(written.folder, signer, signature=forged)


def test_a_rotated_key_still_counts(written: Version, keys: MemoryKeys, signer: Signer) -> None:
    keys.rotate("agent-supervisor:deployed-agents")
    assert signer.sign(b"x") != signer.sign(b"y")
    assert read_version(written.folder, signer) == written


def test_a_version_is_written_once(written: Version, signer: Signer, tmp_path: Path) -> None:
    assert write_version(tmp_path, manifest(), FILES, signer) is None
    assert write_version(tmp_path, manifest("1.0.1"), FILES, signer) is not None
    assert sorted(os.listdir(tmp_path / "sample")) == ["1.0.0", "1.0.1"], "nothing else is left"


def test_what_a_dead_writer_left_is_swept_in_time(written: Version, signer: Signer, tmp_path: Path) -> None:
    left = tmp_path / "sample" / ".new-0123"
    left.mkdir()
    (left / "manifest.json").write_text("{}")
    assert write_version(tmp_path, manifest("1.0.1"), FILES, signer) is not None
    assert left.exists(), "its writer may live"
    assert sorted(versions_in(tmp_path, "sample")) == ["1.0.0", "1.0.1"]
    os.utime(left, (time.time() - 7_200,) * 2)
    assert write_version(tmp_path, manifest("1.0.2"), FILES, signer) is not None
    assert not left.exists()


@pytest.mark.parametrize("path", ["../evil.py", "/etc/evil", "a/../../evil"])
def test_no_path_leads_out(tmp_path: Path, signer: Signer, path: str) -> None:
    files = {path: b""}
    with pytest.raises(SandboxError, match="within the project"):
        write_version(tmp_path, manifest(files=files), files, signer)


def test_a_folder_that_can_not_be_written_is_told(tmp_path: Path, signer: Signer) -> None:
    (tmp_path / "sample").write_text("a file")
    with pytest.raises(DeploymentError, match="can't be written"):
        write_version(tmp_path, manifest(), FILES, signer)
