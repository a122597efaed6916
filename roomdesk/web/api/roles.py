"""What a token needs for each endpoint. An endpoint without a row here does not start, and a test walks the addresses."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """`scope` is empty where any valid token will do. `for_one`: a token limited to one workspace may use it too."""

    scope: str
    for_one: bool = True


RULES: dict[str, Rule] = {
    "me": Rule(""),
    "products_list": Rule("directory:read"),
    "products_get": Rule("directory:read"),
    "workspaces_list": Rule("directory:read"),
    "workspaces_get": Rule("directory:read"),
    "workspaces_put": Rule("directory:write", for_one=False),
    "members_list": Rule("directory:read"),
    "members_get": Rule("directory:read"),
    "members_put": Rule("directory:write"),
    "members_delete": Rule("directory:write"),
    "access_list": Rule("directory:read"),
    "access_ask": Rule("directory:write"),
    "access_decide": Rule("directory:write"),
    "staff_list": Rule("directory:read", for_one=False),
    "staff_put": Rule("admin", for_one=False),
    "staff_availability": Rule("directory:write", for_one=False),
    "staff_delete": Rule("admin", for_one=False),
    # By which account somebody signs in elsewhere: whoever writes it can let anybody in.
    "identities_list": Rule("admin", for_one=False),
    "identities_put": Rule("admin", for_one=False),
    "identities_delete": Rule("admin", for_one=False),
    "cases_list": Rule("cases:read"),
    "cases_open": Rule("cases:write"),
    "cases_get": Rule("cases:read"),
    "cases_sla": Rule("cases:read"),
    "cases_say": Rule("cases:write"),
    "cases_rate": Rule("cases:write"),
    # What staff decide: a token of one workspace could stop its own clocks, or lower what others wait for.
    "cases_change": Rule("cases:write", for_one=False),
    "cases_reopen": Rule("cases:write", for_one=False),
    "cases_split": Rule("cases:write", for_one=False),
    "cases_move": Rule("cases:write", for_one=False),
    "cases_merge": Rule("cases:write", for_one=False),
    "cases_unmerge": Rule("cases:write", for_one=False),
    "cases_escalate": Rule("cases:write", for_one=False),
    "cases_deescalate": Rule("cases:write", for_one=False),
    "cases_link": Rule("cases:write", for_one=False),
    "cases_unlink": Rule("cases:write", for_one=False),
    "cases_attach": Rule("cases:write", for_one=False),
    "cases_detach": Rule("cases:write", for_one=False),
    "cases_answer_all": Rule("cases:write", for_one=False),
    "cases_macros": Rule("cases:read", for_one=False),
    "cases_macro": Rule("cases:write", for_one=False),
    # Written by administrators, read in the rooms of all customers of a product.
    "macros_list": Rule("admin", for_one=False),
    "macros_get": Rule("admin", for_one=False),
    "macros_put": Rule("admin", for_one=False),
    "macros_delete": Rule("admin", for_one=False),
    "macros_preview": Rule("admin", for_one=False),
    "cases_undo_triage": Rule("cases:write", for_one=False),
    "cases_call": Rule("cases:write", for_one=False),
    "questions_list": Rule("cases:read", for_one=False),
    "questions_answer": Rule("cases:write", for_one=False),
    # Asked by staff; used by their programs, which may be limited to the one workspace they work on.
    "consents_list": Rule("consents:read"),
    "consents_get": Rule("consents:read"),
    "consents_keys": Rule("consents:read"),
    "consents_ask": Rule("consents:write", for_one=False),
    "consents_withdraw": Rule("consents:write", for_one=False),
    "consents_identity": Rule("consents:write", for_one=False),
    "consents_consume": Rule("consents:use"),
    "consents_result": Rule("consents:use"),
    "files_get": Rule("cases:read"),
    "files_content": Rule("cases:read"),
    "workspaces_room": Rule("cases:read"),
    # One search with two names: a token of one workspace finds what was said there.
    "search": Rule("cases:read"),
    "record": Rule("cases:read"),
    "record_export": Rule("cases:read"),
    # Across customers: the order of all of them, and the vendor's own figures.
    "queue_list": Rule("cases:read", for_one=False),
    "satisfaction": Rule("cases:read", for_one=False),
    "attainment": Rule("cases:read", for_one=False),
    "filing": Rule("cases:read", for_one=False),
    "filing_unplaced": Rule("cases:read", for_one=False),
    "sla_simulate": Rule("directory:read"),
    "sla_retarget": Rule("admin", for_one=False),
    "sla_notices": Rule("cases:read", for_one=False),
    # Who of the vendor is called when.
    "oncall_who": Rule("directory:read", for_one=False),
    "rotas_get": Rule("directory:read", for_one=False),
    "rotas_shifts": Rule("directory:read", for_one=False),
    "rotas_put": Rule("admin", for_one=False),
    "rotas_swap": Rule("admin", for_one=False),
    "rotas_end_swap": Rule("admin", for_one=False),
    # An address of a calendar is a secret.
    "rotas_calendars": Rule("admin", for_one=False),
    "rotas_make_calendar": Rule("admin", for_one=False),
    # An address by which somebody is called holds secrets; who they are is read by nobody.
    "reach_get": Rule("admin", for_one=False),
    "reach_put": Rule("admin", for_one=False),
    "reach_test": Rule("admin", for_one=False),
    "pages_list": Rule("cases:read", for_one=False),
    "cases_acknowledge": Rule("cases:write", for_one=False),
    # The workspace sees what is recorded against it, and appeals.
    "misuse_list": Rule("cases:read"),
    "misuse_appeal": Rule("cases:write"),
    "misuse_mark": Rule("cases:write", for_one=False),
    "misuse_lift": Rule("cases:write", for_one=False),
    "rotas_revoke_calendar": Rule("admin", for_one=False),
    # Where everything that happens is sent to, and what proves who sent it.
    "webhooks_list": Rule("admin", for_one=False),
    "webhooks_get": Rule("admin", for_one=False),
    "webhooks_put": Rule("admin", for_one=False),
    "webhooks_delete": Rule("admin", for_one=False),
    "webhooks_rotate": Rule("admin", for_one=False),
    "webhooks_switch": Rule("admin", for_one=False),
    "webhooks_ping": Rule("admin", for_one=False),
    "webhooks_deliveries": Rule("admin", for_one=False),
    "webhooks_delivery": Rule("admin", for_one=False),
    "webhooks_replay": Rule("admin", for_one=False),
}
