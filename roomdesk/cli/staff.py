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


@staff.command()
@click.argument("id")
@click.option("--present/--away", "is_present", default=None, help="Whether new cases are given to them by turn.")
@click.option(
    "--capacity", type=int, help="The most open cases at which they get one more; 0: the product's own number."
)
@json_option
@with_desk
def availability(id: str, is_present: bool | None, capacity: int | None, as_json: bool) -> None:
    """Say whether the person ID is there for new cases, and for how many; without options, tell."""
    from roomdesk.audit.work import Actor
    from roomdesk.cli.base import actor_name
    from roomdesk.directory import shown
    from roomdesk.directory.services.availability import do_set_availability
    from roomdesk.runtime import clock

    actor = Actor("cli", actor_name())
    row = do_set_availability(id, is_present=is_present, capacity=capacity, actor=actor, now=clock.now())
    value = {"id": id, **shown.availability(row)}
    most = value["capacity"] or "the product's number of"
    emit(value, as_json, f"{id} is {'present' if value['present'] else 'away'}, for {most} open cases.")


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
