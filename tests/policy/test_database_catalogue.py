"""Lock 2, read from the database's own catalogue: RLS, keys, privileges, functions, triggers."""

from __future__ import annotations

import psycopg2
import pytest

from app.extensions import Base
from app.models import Role  # noqa: F401  (fills the metadata)
from app.tenancy import DEFINER_FUNCTIONS, PLATFORM_FUNCTIONS, TenantOwned
from tests.support import servers as test_servers

INSERT_ONLY = {
    "receipts",
    "photos",
    "photo_readings",
    "derivatives",
    "photo_features",
    "photo_likenesses",
    "signatures",
    "snapshots",
    "seal_certificates",
    "audit_entries",
    "platform_audit_entries",
}
# Views under the names that the release before used; the next one drops them.
OLD_NAMES = ("save_receipts",)


@pytest.fixture(scope="module")
def ask(database):
    connection = psycopg2.connect(test_servers.current().postgres().dsn(database=database))

    def run(statement: str, *parameters: object) -> list[tuple]:
        with connection.cursor() as cursor:
            cursor.execute(statement, parameters or None)
            return cursor.fetchall()

    yield run
    connection.close()


def tenant_tables() -> set[str]:
    return {
        mapper.local_table.name
        for mapper in Base.registry.mappers
        if issubclass(mapper.class_, TenantOwned)
    }


def test_every_table_with_a_tenant_is_forced_under_row_level_security(ask):
    rows = ask(
        "select c.relname, c.relrowsecurity and c.relforcerowsecurity from pg_class c"
        " join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'"
        " where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace"
        " and c.relname <> 'platform_audit_entries'"
    )
    assert {name for name, _ in rows} == tenant_tables()
    assert [name for name, forced in rows if not forced] == []


def test_every_tenant_policy_checks_reads_and_writes(ask):
    """One policy per table for the app's role, of any name but with exactly this text."""
    rows = ask(
        "select tablename, permissive, cmd, qual, with_check from pg_policies"
        " where schemaname = 'public' and roles && array['laudo_app', 'public']::name[]"
    )
    rule = "= (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid)"
    expected = [
        (table, "PERMISSIVE", "ALL", f"(tenant_id {rule}", f"(tenant_id {rule}")
        for table in tenant_tables()
    ]
    # Without its own WITH CHECK, the USING clause also applies to writes.
    expected.append(("tenants", "PERMISSIVE", "ALL", f"(id {rule}", None))
    assert sorted(rows) == sorted(expected)


def test_foreign_keys_between_tenant_tables_carry_the_tenant(ask):
    plain = ask(
        "select con.conrelid::regclass::text, con.conname from pg_constraint con"
        " where con.contype = 'f' and con.conrelid::regclass::text = any(%s)"
        " and con.confrelid::regclass::text = any(%s)"
        " and not exists (select from pg_attribute a where a.attrelid = con.conrelid"
        "   and a.attnum = any(con.conkey) and a.attname = 'tenant_id')",
        list(tenant_tables()),
        list(tenant_tables()),
    )
    assert plain == []


def test_business_uniques_begin_with_the_tenant(ask):
    allowed = {
        "uq_accounts_email",
        "uq_account_sessions_token_hash",
        "uq_passkeys_credential_id",
        "uq_reports_check_token",
        "uq_witnesses_token_hash",
    }
    rows = ask(
        "select i.relname, (select a.attname from pg_attribute a where a.attrelid = x.indrelid"
        " and a.attnum = x.indkey[0]) from pg_index x join pg_class i on i.oid = x.indexrelid"
        " where x.indisunique and not x.indisprimary and x.indrelid::regclass::text = any(%s)",
        list(tenant_tables()),
    )
    assert [name for name, first in rows if first != "tenant_id" and name not in allowed] == []


def test_the_serving_roles_are_weak_and_own_nothing(ask):
    rows = ask(
        "select r.rolname, r.rolsuper, r.rolbypassrls, r.rolcreaterole, (select count(*) from"
        " pg_class c where c.relowner = r.oid) from pg_roles r"
        " where r.rolname in ('laudo_app', 'laudo_platform')"
    )
    assert sorted(rows) == [
        ("laudo_app", False, False, False, 0),
        ("laudo_platform", False, False, False, 0),
    ]


def test_security_definer_functions_are_listed_pinned_and_not_public(ask):
    rows = ask(
        "select p.proname, p.proconfig, coalesce(p.proacl::text, 'default') from pg_proc p"
        " where p.prosecdef and p.pronamespace = 'public'::regnamespace"
    )
    assert {name for name, _, _ in rows} == {
        *DEFINER_FUNCTIONS,
        *PLATFORM_FUNCTIONS,
        "refuse_email_of_other_kind",
        "chain_audit_entry",
    }
    for name, config, acl in rows:
        assert any(one.startswith("search_path=pg_catalog") for one in config or []), name
        assert acl != "default" and "=X/" not in acl.replace("laudo_owner=X", "").replace(
            "laudo_app=X", ""
        ).replace("laudo_platform=X", ""), (name, acl)


def test_no_view_bypasses_row_level_security(ask):
    """A view runs as its owner unless it says otherwise."""
    views = ask(
        "select relname, relkind, reloptions from pg_class where relkind in ('v', 'm')"
        " and relnamespace = 'public'::regnamespace"
    )
    assert views == [(name, "v", ["security_invoker=true"]) for name in OLD_NAMES]


def test_evidence_tables_can_only_be_inserted_into(ask):
    rows = ask(
        "select table_name, privilege_type from information_schema.role_table_grants"
        " where grantee in ('laudo_app', 'laudo_platform') and table_name = any(%s)",
        list(INSERT_ONLY),
    )
    assert {right for _, right in rows} == {"SELECT", "INSERT"}


def test_evidence_triggers_fire_always(ask):
    rows = ask(
        "select tgrelid::regclass::text, tgname, tgenabled from pg_trigger where not tgisinternal"
        " and (tgname like '%%insert_only' or tgname like '%%no_truncate' or tgname like '%%guard'"
        " or tgname like '%%chain' or tgname like '%%open_report')",
        None,
    )
    assert {table for table, name, _ in rows if name.endswith("insert_only")} == INSERT_ONLY
    assert [name for _, name, enabled in rows if enabled != "A"] == []


def test_the_platform_role_reads_no_content_and_no_password(ask):
    rows = ask(
        "select table_name from information_schema.role_table_grants"
        " where grantee = 'laudo_platform'"
    )
    assert {name for (name,) in rows} == {
        "tenants",
        "superadmins",
        "superadmin_sessions",
        "platform_audit_entries",
        "superadmin_passkeys",
        "superadmin_recovery_codes",
        "support_accesses",
        "tombstones",
        "sweep_holds",
    }
    columns = ask(
        "select column_name from information_schema.column_privileges"
        " where grantee = 'laudo_platform' and table_name = 'accounts'"
    )
    assert "password_hash" not in {name for (name,) in columns}


def test_only_the_owner_erases_and_releases_holds(ask):
    rows = ask(
        "select table_name, grantee, privilege_type from information_schema.role_table_grants"
        " where table_name in ('tombstones', 'sweep_holds')"
        " and grantee not in ('laudo_owner', 'laudo_backup')"
    )
    assert sorted(rows) == [
        ("sweep_holds", "laudo_platform", "SELECT"),
        ("tombstones", "laudo_platform", "SELECT"),
    ]


def test_the_app_role_cannot_see_the_platform(ask):
    rows = ask(
        "select table_name from information_schema.role_table_grants where grantee = 'laudo_app'"
    )
    assert {name for (name,) in rows} == tenant_tables() | {"tenants", *OLD_NAMES}


def test_a_company_cannot_lift_its_own_limits_or_its_suspension(ask):
    rows = ask(
        "select column_name from information_schema.column_privileges where grantee = 'laudo_app'"
        " and table_name = 'tenants' and privilege_type = 'UPDATE'"
    )
    assert {name for (name,) in rows} == {
        "name",
        "locale",
        "time_zone",
        "colour_accent",
        "colour_second",
        "colour_third",
        "contact",
        "contact_parts",
        "logo_key",
        "second_logo_key",
        "watermark",
        "pdf",
        "updated_at",
        "admins_need_two_factor",
        "technicians_correct",
        "onboarding",
        "may_approve_own",
    }


def test_what_the_app_reads_only_and_what_it_may_delete(ask):
    rows = ask(
        "select table_name, privilege_type from information_schema.role_table_grants"
        " where grantee = 'laudo_app'"
    )
    rights = {}
    for table, right in rows:
        rights.setdefault(table, set()).add(right)
    assert rights["support_accesses"] == {"SELECT"}
    assert {table for table, had in rights.items() if "DELETE" in had} == {
        "versions",
        "project_grants",
        "passkeys",
        "recovery_codes",
        "brand_previews",
        "project_members",
        "project_checklists",
        "equipment",
        "photo_uploads",
        "photo_parts",
    }
    assert not any(had & {"TRUNCATE", "TRIGGER", "REFERENCES"} for had in rights.values())
