"""What a web process makes ready before anybody asks for it: else the first page of a case waits for two and a half seconds.

A case's page tells what its customers' messages say of the matter, by the vocabulary of triage: some thousands of expressions, which a
process compiles once. The worker has them from its first message on; a web process would begin with the first page that somebody opens.
"""

from __future__ import annotations

import logging
import threading

from django.template.loader import get_template

from roomdesk.cases import ready
from roomdesk.web.portal import refusals

_LOG = logging.getLogger("roomdesk.web")

#: Pages that people open first.
_TEMPLATES = (
    "console/case.html",
    "console/cases.html",
    "portal/support.html",
    "portal/case.html",
    "chat/room.html",
    "account/login.html",
)


def begin() -> threading.Thread:
    """Beside what is being answered."""
    return ready.beside(make_ready, _LOG, "Pages are made ready when they are asked for")


def make_ready() -> None:
    """Everything of the newest versions that is made once a process; versions that older cases were promised by differ in little."""
    for name in _TEMPLATES:
        get_template(name)
    refusals.make_ready()
    ready.make_ready()
