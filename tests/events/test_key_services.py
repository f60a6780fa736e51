"""What every key service must do, and what is particular to a folder of keys."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.errors import ConfigurationError, StoreUnavailable
from events.key_folder import KeyFolder
from events.keys import SECRET_BYTES, DataKey, KeyService, MemoryKeys, make_key

HOSTILE = ["../../etc/passwd", "/absolute", "..", ".", "a\x00b", "-rf", "a" * 900, "ünï", "ﬀ\ud800", "*", "con"]


class ServiceContract:
    """Subclasses give the fixture `service`: one without any key."""

    def test_a_tenant_has_one_current_key(self, service: KeyService) -> None:
        key = service.current("acme")
        assert (key.tenant, len(key.secret)) == ("acme", SECRET_BYTES)
        assert service.current("acme") == service.get(key.id) == key
        other = service.current("other")
        assert other.id != key.id
        assert other.secret != key.secret
        assert (service.keys_of("acme"), service.keys_of("nobody")) == ([key.id], [])

    def test_a_destroyed_key_is_gone_and_the_next_is_new(self, service: KeyService) -> None:
        key, kept = service.current("acme"), service.current("other")
        stamp = service.stamp()
        assert service.stamp() == stamp
        service.destroy([key.id, "no-such-key", "../x"])
        assert service.stamp() != stamp
        assert service.get(key.id) is None
        assert service.keys_of("acme") == []
        service.destroy([key.id])
        new = service.current("acme")
        assert new.id != key.id
        assert new.secret != key.secret
        assert service.current("other") == kept

    def test_a_rotated_key_stays_readable(self, service: KeyFolder | MemoryKeys) -> None:
        old = service.current("acme")
        service.rotate("acme")
        new = service.current("acme")
        assert old.id != new.id
        assert service.get(old.id) == old
        assert set(service.keys_of("acme")) == {old.id, new.id}

    @pytest.mark.parametrize("tenant", HOSTILE)
    def test_any_name_is_a_tenant(self, service: KeyService, tenant: str) -> None:
        key = service.current(tenant)
        assert key.tenant == tenant
        assert service.current(tenant) == key
        assert service.keys_of(tenant) == [key.id]

    def test_threads_agree(self, service: KeyService) -> None:
        with ThreadPoolExecutor(8) as pool:
            assert len({key.id for key in pool.map(service.current, ["acme"] * 40)}) == 1


class TestMemoryKeys(ServiceContract):
    @pytest.fixture
    def service(self) -> KeyService:
        return MemoryKeys()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "keys"


class TestKeyFolder(ServiceContract):
    @pytest.fixture
    def service(self, folder: Path) -> KeyService:
        return KeyFolder(folder)


def test_a_key_does_not_show_its_secret() -> None:
    key = make_key("acme")
    assert repr(key.secret)[2:-1] not in repr(key)
    with pytest.raises(ValueError, match="32 bytes"):
        DataKey("1", "acme", b"short", key.created_at)


def test_nothing_is_made_before_the_first_key(folder: Path) -> None:
    service = KeyFolder(folder)
    service.check()
    assert service.get(make_key("acme").id) is None
    service.destroy([make_key("acme").id])
    assert not folder.exists()
    service.current("acme")
    assert oct(folder.stat().st_mode)[-3:] == "700"
    assert {oct(path.stat().st_mode)[-3:] for path in folder.iterdir()} == {"600"}
    service.check()


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tenants=st.lists(st.text(min_size=1, max_size=30), min_size=1, max_size=4, unique=True))
def test_no_tenant_reaches_out_of_the_folder_or_into_another(tmp_path: Path, tenants: list[str]) -> None:
    service = KeyFolder(tmp_path / "keys")
    made = {tenant: service.current(tenant) for tenant in tenants}
    assert len({key.id for key in made.values()}) == len(tenants)
    assert [path.name for path in tmp_path.iterdir()] == ["keys"]
    assert all(path.is_file() for path in (tmp_path / "keys").iterdir())
    service.destroy(service.keys_of(tenants[0]))
    assert {tenant: service.get(key.id) for tenant, key in made.items() if tenant != tenants[0]} == {
        tenant: key for tenant, key in made.items() if tenant != tenants[0]
    }


def test_a_key_file_says_what_it_is(folder: Path) -> None:
    key = KeyFolder(folder).current("acme")
    document = json.loads((folder / f"{key.id}.key").read_text())
    assert set(document) == {"id", "tenant", "secret", "created_at"}
    assert (document["id"], document["tenant"]) == (key.id, "acme")


def test_keys_that_others_may_read_are_refused(folder: Path) -> None:
    service = KeyFolder(folder)
    key = service.current("acme")
    (folder / f"{key.id}.key").chmod(0o640)
    for ask in (lambda: service.current("acme"), lambda: service.get(key.id)):
        with pytest.raises(StoreUnavailable, match="may be read by others") as caught:
            ask()
        assert "chmod 600" in caught.value.todo
    (folder / f"{key.id}.key").chmod(0o600)
    assert service.get(key.id) == key
    folder.chmod(0o755)
    for ask in (lambda: service.current("acme"), lambda: service.get(key.id), lambda: service.keys_of("acme")):
        with pytest.raises(StoreUnavailable, match="may be read by others") as caught:
            ask()
        assert "chmod 700" in caught.value.todo
    with pytest.raises(ConfigurationError, match="may be read by others"):
        service.check()


def test_a_link_in_place_of_a_key_is_not_followed(folder: Path, tmp_path: Path) -> None:
    service = KeyFolder(folder)
    key = service.current("acme")
    place = folder / f"{key.id}.key"
    place.rename(tmp_path / "elsewhere")
    place.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StoreUnavailable, match="can't be used"):
        service.get(key.id)


@pytest.mark.parametrize("content", [b"", b"no json", b"[]", b'{"id": "x"}', b'{"id":"x","tenant":"a","secret":"="}'])
def test_no_new_key_is_made_over_a_damaged_one(folder: Path, content: bytes) -> None:
    service = KeyFolder(folder)
    key = service.current("acme")
    (folder / f"{key.id}.key").write_bytes(content)
    with pytest.raises(StoreUnavailable, match="damaged"):
        service.current("acme")
    assert service.get(key.id) is None
    assert service.keys_of("acme") == [key.id]
    service.destroy([key.id])
    assert service.current("acme").id != key.id


def test_a_file_in_place_of_the_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("")
    with pytest.raises(ConfigurationError, match="no folder"):
        KeyFolder(tmp_path / "keys").check()


def test_an_old_key_is_used_no_more(folder: Path) -> None:
    old = KeyFolder(folder).current("acme")
    assert KeyFolder(folder, rotate_after=None).current("acme") == old
    assert KeyFolder(folder, rotate_after=timedelta(days=1)).current("acme") == old
    document = json.loads((folder / f"{old.id}.key").read_text())
    document["created_at"] = "2020-01-01T00:00:00+00:00"
    (folder / f"{old.id}.key").write_text(json.dumps(document))
    new = KeyFolder(folder).current("acme")
    assert new.id != old.id
    assert KeyFolder(folder).current("acme") == new
    assert KeyFolder(folder).get(old.id) is not None


def test_destruction_leaves_no_secret_behind(folder: Path) -> None:
    service = KeyFolder(folder)
    key = service.current("acme")
    secret = json.loads((folder / f"{key.id}.key").read_text())["secret"]
    held = os.open(folder / f"{key.id}.key", os.O_RDONLY)  # what the disk still has of it
    service.destroy([key.id])
    assert secret.encode() not in os.read(held, 10_000)
    os.close(held)
    assert not any(secret.encode() in path.read_bytes() for path in folder.iterdir())
    assert not list(folder.glob("*.key"))


def test_a_destruction_that_was_interrupted_is_finished(folder: Path) -> None:
    service = KeyFolder(folder)
    key = service.current("acme")
    stamp = service.stamp()
    (folder / f"{key.id}.key").rename(folder / f"{key.id}.gone")  # here it was killed
    assert service.get(key.id) is None
    service.destroy([key.id])
    assert not list(folder.glob("*.gone"))
    assert service.stamp() != stamp


def test_what_a_killed_process_left_is_no_key_and_is_removed(folder: Path) -> None:
    service = KeyFolder(folder)
    key = service.current("acme")
    left = folder / f"{'0' * 32}.new"
    left.write_text("half a key")
    left.chmod(0o600)
    assert service.keys_of("acme") == [key.id]
    os.utime(left, (0, 0))
    service.destroy([key.id])
    assert not left.exists()


RACE = """
import sys, time
from pathlib import Path
from events.key_folder import KeyFolder
service = KeyFolder(Path(sys.argv[1]))
while time.time() < float(sys.argv[2]):
    pass
print(*[service.current(f"tenant {number}").id for number in range(20)])
"""


def test_processes_that_race_for_a_key_agree(folder: Path) -> None:
    start = str(time.time() + 1.0)
    racers = [
        subprocess.Popen([sys.executable, "-c", RACE, str(folder), start], stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    told = {racer.communicate(timeout=30)[0] for racer in racers}
    assert len(told) == 1
    assert len(set(told.pop().split())) == 20
    assert len(list(folder.glob("*.key"))) == 20
    assert not list(folder.glob("*.new"))
