"""`roomdesk staff`: the people of the vendor."""

from __future__ import annotations

import click

from roomdesk.cli import leaving
from roomdesk.cli.base import emit, json_option, with_desk
from roomdesk.cli.directory import grant, table, verb


@click.group()
def staff() -> None:
    """The people of the vendor and what they do."""


@staff.command()
@click.argument("id")
@click.option("--name", help="Default for a new person: made from the id.")
@click.option("--email")
@click.option(
    "--role",
    "roles",
    multiple=True,
    help="account_manager, engineer, lead, specialist, security, auditor or administrator. May be repeated.",
)
@click.option("--product", default="", help="For which product; left out: for all.")
@click.option("--field", default="", help="What a specialist knows.")
@click.option("--locale", help="The person's language.")
@json_option
@with_desk
def put(
    id: str,
    name: str | None,
    email: str | None,
    roles: tuple[str, ...],
    product: str,
    field: str,
    locale: str | None,
    as_json: bool,
) -> None:
    """Give the person ID exactly these roles, for one product or for all."""
    from roomdesk.directory import shown
    from roomdesk.directory.services import PersonWish, StaffWish

    person = PersonWish(id=id, name=name, email=email, locale=locale)
    outcome = grant([StaffWish(person=person, roles=roles or None, product=product, field=field)])[0]
    value = {**shown.staff(outcome.value)[0], "result": verb(outcome)}
    emit(value, as_json, f"{id} is {_roles(value)} ({value['result']}).")


def _roles(item: dict[str, object]) -> str:
    roles = item["roles"]
    assert isinstance(roles, list)
    return ", ".join(
        " ".join(filter(None, (r["role"], r["field"], r["product"] and f"for {r['product']}"))) for r in roles
    )


@staff.command()
@click.argument("id")
@click.option("--product", help="Only what the person does for this product.")
@leaving.wait_option
@json_option
@with_desk
def remove(id: str, product: str | None, wait: float, as_json: bool) -> None:
    """End what the person ID does for the vendor, and say what became of the rooms and the account."""
    from roomdesk.directory.services import StaffGone

    rows, found = leaving.remove(StaffGone(id=id, product=product), wait)
    ended = [{"role": str(row.role), "product": row.product, "field": row.field} for row in rows]
    value = {"id": id, "result": "removed", "ended": ended, **found}
    emit(value, as_json, leaving.told(f"{id} has {len(ended)} staff role(s) less.", found))


@staff.command("list")
@click.option("--product", help="Those of one product, and those of all.")
@json_option
@with_desk
def list_staff(product: str | None, as_json: bool) -> None:
    """List the people of the vendor."""
    from roomdesk.directory import queries, shown
    from roomdesk.runtime import clock

    items = shown.staff(queries.staff_at(clock.now(), [product] if product else None))
    rows = [(item["id"], item["name"], _roles(item)) for item in items]
    emit({"items": items}, as_json, table(rows, "There is no staff yet."))
