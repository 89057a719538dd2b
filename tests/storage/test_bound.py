"""The storage's own lock: no method reads or writes under another company's key."""

from __future__ import annotations

import inspect
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from app.storage import Attachment, MissingObject, Storage, object_key, storage, whole_storage
from app.tenancy import ForeignTenant, NoTenantBound, tenant_scope
from tests.support.pictures import sha256_of

DATA = b"Another company's bytes"
# How to call each method of a storage with a key; None if it takes no key.
CALLS = {
    "put": lambda store, key, file: store.put(key, file),
    "open": lambda store, key, file: store.open(key),
    "local_path": lambda store, key, file: store.local_path(key, file.parent),
    "local_paths": lambda store, key, file: store.local_paths([key], file.parent),
    "exists": lambda store, key, file: store.exists(key),
    "delete": lambda store, key, file: store.delete(key),
    "delete_if_older": lambda store, key, file: store.delete_if_older(key, datetime.now(UTC)),
    "link": lambda store, key, file: store.link(key, Attachment("x", "text/plain"), 60),
    "list": lambda store, key, file: store.list(key.split("/")[1]),
    "list_tenants": lambda store, key, file: store.list_tenants(),
    "free_bytes": None,
}
REFUSED = {MissingObject, ForeignTenant}


@pytest.fixture
def foreign(app, cast, tmp_path):
    """The key of an object of Other, and a file to put."""
    file = tmp_path / "file"
    file.write_bytes(DATA)
    key = object_key(cast.other, "orig", sha256_of(DATA))
    with app.app_context(), tenant_scope(cast.other):
        storage().put(key, file)
    yield key, file
    with app.app_context():
        whole_storage().delete(key)


def test_every_verb_is_tried():
    verbs = {name for name, _ in inspect.getmembers(Storage, inspect.isfunction) if name[0] != "_"}
    assert verbs == set(CALLS)


@pytest.mark.parametrize("verb", [name for name, call in CALLS.items() if call])
def test_another_companys_key_is_out_of_reach(app, cast, foreign, verb):
    key, file = foreign
    with app.app_context(), tenant_scope(cast.acme):
        try:
            assert CALLS[verb](storage(), key, file) is False, "only `exists` answers"
        except tuple(REFUSED):
            pass
    with app.app_context():
        assert whole_storage().open(key).read() == DATA


@pytest.mark.parametrize("verb", [name for name, call in CALLS.items() if call])
def test_without_a_scope_nothing_is_reachable(app, foreign, verb):
    key, file = foreign
    with app.app_context(), pytest.raises(NoTenantBound):
        CALLS[verb](storage(), key, file)


def test_its_own_company_reads_it(app, cast, foreign):
    key, _file = foreign
    with app.app_context(), tenant_scope(cast.other):
        assert storage().exists(key)
        assert storage().open(key).read() == DATA
        assert not storage().exists(object_key(cast.other, "orig", "0" * 64))


def test_an_unknown_tenants_list_is_refused(app, cast):
    with app.app_context(), tenant_scope(cast.acme), pytest.raises(ForeignTenant):
        storage().list(uuid4())


def test_a_key_with_a_similar_prefix_is_foreign(app, cast):
    with app.app_context(), tenant_scope(cast.acme):
        assert not storage().exists(f"t/{cast.acme}0/orig/{'0' * 64}")
        with pytest.raises(MissingObject):
            storage().open(f"t/{cast.acme}")
