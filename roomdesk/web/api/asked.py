"""What was asked for in the query: a parameter that does not exist is refused, instead of being a filter that does nothing."""

from __future__ import annotations

from django.http import HttpRequest

from roomdesk.refusals import Invalid


def check_query(request: HttpRequest, *known: str) -> None:
    """Invalid for a parameter that is not among `known`, or stands there twice."""
    for name, values in request.GET.lists():
        if name not in known:
            has = f"it has {', '.join(known)}" if known else "it has none"
            raise Invalid(f'This address has no query parameter "{name[:60]}"; {has}.', field=name[:60])
        if len(values) > 1:
            raise Invalid(f'The query parameter "{name}" is there {len(values)} times; give it once.', field=name)
