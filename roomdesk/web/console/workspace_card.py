"""What stands about the workspace beside its case: its plan, who is on call, and its other cases."""

from __future__ import annotations

from typing import Any

from roomdesk.cases.models import Case
from roomdesk.cases.queries import access_names
from roomdesk.directory.models import Person
from roomdesk.directory.queries import terms_at
from roomdesk.oncall.models import Rota
from roomdesk.oncall.rotas import rota_of
from roomdesk.rules import rota as rules
from roomdesk.web.console.present import STATES
from roomdesk.web.console.reader import Reader

#: Other cases that are shown, the newest ones.
SHOWN = 5


def beside(reader: Reader, case: Case) -> dict[str, Any]:
    """Three queries, and those that the rota needs."""
    others = access_names(reader.viewer).filter(workspace=case.workspace).exclude(pk=case.pk)
    terms = terms_at([case.workspace_id], reader.now).get(case.workspace_id)
    return {
        "addons": list(terms.addons) if terms else [],
        "on_call": on_call_for(case.product, reader),
        "before": [
            (one, f"{reader.title(one)} ({str(STATES.get(one.state, one.state)).lower()})")
            for one in others.order_by("-opened_at", "-pk")[:SHOWN]
        ],
    }


def on_call_for(product: str, reader: Reader) -> list[str]:
    """Names of who is on call now, in the order in which they are called. Three queries at most."""
    found = Rota.objects.filter(product=product).first()
    whose = [one.person for one in rules.on_call(rota_of(found), reader.now)] if found else []
    names = dict(Person.objects.filter(slug__in=whose).values_list("slug", "name")) if whose else {}
    return [names.get(who, who) for who in dict.fromkeys(whose)]
