"""Names of owners as keys of the settings: ``tenant/user``, in which a / of a name is written %2F and a % is %25."""

from __future__ import annotations

from collections.abc import Iterable

from common.context import Owner

__all__ = ["DEFAULT_OWNER", "check_owner_keys", "owner_key", "owner_of_key"]

DEFAULT_OWNER = Owner("default", "local")


def owner_key(owner: Owner) -> str:
    """The key that names an owner."""
    return "/".join(name.replace("%", "%25").replace("/", "%2F") for name in owner)


def owner_of_key(key: str) -> Owner:
    """The owner whom a key names."""
    tenant, _, user = key.partition("/")
    return Owner(*(name.replace("%2F", "/").replace("%25", "%") for name in (tenant, user)))


def check_owner_keys(keys: Iterable[str], default: str) -> None:
    """Raise `ValueError` for a key that names nobody, or the default owner, whose setting is `default`."""
    for key in keys:
        tenant, _, user = key.partition("/")
        if not tenant or not user or "/" in user:
            raise ValueError(f"{key!r} names no owner; write tenant/user, with %2F for a / in a name")
        if owner_of_key(key) == DEFAULT_OWNER:
            raise ValueError(f"{key} is the default owner, whose setting is {default}")
