"""A row made by its columns is the row that the ORM makes by their names."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.db.models import Model

from roomdesk.cases.models import CaseCycle
from roomdesk.queues.making import made
from roomdesk.queues.models import InboxEvent, OutboxRow

OURS = [model for model in apps.get_models() if model.__module__.startswith("roomdesk.")]


def columns(row: Model) -> dict[str, Any]:
    return {name: value for name, value in vars(row).items() if name != "_state"}


@pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.label)
@pytest.mark.parametrize("every", [1, 2, 3])
def test_it_is_the_same_whichever_columns_are_given(model: type[Model], every: int) -> None:
    names = [field.attname for field in model._meta.concrete_fields]
    # In another order than the table's; what a row makes for itself is always given.
    given = {name: f"of {name}" for number, name in enumerate(names) if number % every == 0 or name == "key"}
    given = dict(reversed(given.items()))
    row = made(model, **given)
    assert type(row) is model and columns(row) == columns(model(**given))
    assert row._state.adding and row._state.db is None


def test_what_each_row_has_of_its_own_is_shared_by_none() -> None:
    one, two = made(CaseCycle), made(CaseCycle)
    one.addons.append("on-call")
    assert (one.addons, two.addons) == (["on-call"], [])
    assert made(OutboxRow).key != made(OutboxRow).key


@pytest.mark.parametrize("wrong", ["lane", "recieved_at"])
def test_a_name_that_is_no_column_is_refused(wrong: str) -> None:
    with pytest.raises(TypeError, match=f"InboxEvent has no column {wrong}"):
        made(InboxEvent, source="desk", **{wrong: None})
