"""The page behind the link that whoever is called gets: three buttons, no sign-in. Looking does nothing: programs look at links, too."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from roomdesk.oncall import links
from roomdesk.product.queries import office_zones
from roomdesk.refusals import DeskError
from roomdesk.runtime import clock
from roomdesk.web.console.clock_words import moment
from roomdesk.web.portal.refusals import told

_DONE = {
    links.TAKE: _("It is yours. The customer hears that you are on it."),
    links.HAND_ON: _("The next is being called."),
    links.NOT_ME: _("The next is being called, and it is noted that it was not you."),
}


@never_cache
# The token in the address is what is needed; there is no session to be ridden on.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def page_link(request: HttpRequest, token: str) -> HttpResponse:
    """Shows what the page is about; POST takes it, or hands it on."""
    said, status, act = "", 200, request.POST.get("act", "")
    try:
        seen = links.do_act(token, act, now=clock.now()) if act in _DONE else links.access(token, clock.now())
        said = str(_DONE.get(act, ""))
    except DeskError as error:
        return render(request, "oncall/link.html", {"problem": told(error)}, status=error.status)
    context = {"seen": seen, "said": said, "ref": seen.page.ref, "since": _since(seen)}
    return render(request, "oncall/link.html", context, status=status)


def _since(seen: links.Seen) -> str:
    """Since when they are called, as the office of the product reads its clock; UTC where it is loaded no more."""
    zone = office_zones([seen.page.product]).get(seen.page.product, "UTC")
    return moment(seen.page.opened_at, zone, clock.now())
