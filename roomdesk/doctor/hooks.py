"""Whether other programs hear of events: endpoints that take nothing, and those that were switched off (docs/webhooks.md)."""

from __future__ import annotations

from datetime import timedelta

from roomdesk.doctor.findings import Finding, ok, warning
from roomdesk.rules.webhook import GIVEN_UP_AFTER
from roomdesk.runtime import clock
from roomdesk.webhooks import health
from roomdesk.webhooks.health import Ailing

#: One that failed just now is tried again within seconds.
_PATIENCE = timedelta(minutes=1)


def webhooks() -> Finding:
    found = health.ailing(clock.now())
    ill = [one for one in found if not one.is_by_hand and (one.is_off or one.age > _PATIENCE)]
    if ill:
        return warning("webhooks", " ".join(map(_says, ill)), _do(ill[0]))
    by_hand = [one.slug for one in found if one.is_by_hand]
    off = f" Switched off by somebody: {', '.join(by_hand)}." if by_hand else ""
    return ok("webhooks", f"No endpoint fails.{off}")


def _says(one: Ailing) -> str:
    how = "was switched off" if one.is_off else "takes nothing; that began"
    span = str(timedelta(seconds=int(one.age.total_seconds())))
    return f"{one.slug} {how} {span} ago, and {one.undelivered} event(s) did not reach it: {one.reason.rstrip('.')}."


def _do(one: Ailing) -> str:
    if one.is_off:
        return (
            f"Mend the cause, then `roomdesk webhook on {one.slug}`; `roomdesk webhook deliveries {one.slug}` lists what it missed, "
            f"and `roomdesk webhook replay {one.slug} NUMBER` sends one of them again."
        )
    return f"Mend the cause at the receiver; what waits goes out by itself. After {GIVEN_UP_AFTER.days} days of this the endpoint is switched off."
