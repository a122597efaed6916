"""Writing into cases for somebody outside who shows a token: what they may see, and in whose name they may speak."""

from __future__ import annotations

from datetime import datetime

from roomdesk.audit.work import Actor
from roomdesk.cases import queries, writing
from roomdesk.cases.models import Case
from roomdesk.directory.errors import Invalid
from roomdesk.directory.models import Person, Workspace
from roomdesk.directory.queries import Viewer, access_workspace, authority
from roomdesk.record.models import Message


def do_open(
    viewer: Viewer,
    *,
    workspace: str,
    author: str,
    text: str,
    severity: str | None,
    channel: str,
    actor: Actor,
    now: datetime,
) -> Case:
    """Opens a case in a workspace the viewer has access to, in the name of one of its people."""
    found = access_workspace(workspace, viewer)
    check_voice(viewer, found, author, now)
    return writing.do_open_case(
        workspace=workspace, author=author, text=text, channel=channel, severity=severity, actor=actor, now=now
    )


def do_say(viewer: Viewer, *, ref: str, author: str, text: str, channel: str, actor: Actor, now: datetime) -> Message:
    """Says something in a case the viewer has access to."""
    case = queries.access_case(ref, viewer)
    check_voice(viewer, case.workspace, author, now)
    return writing.do_say(ref=ref, author=author, text=text, channel=channel, actor=actor, now=now)


def check_voice(viewer: Viewer, workspace: Workspace, author: str, now: datetime) -> None:
    """A token limited to a workspace speaks for its people only: were it to speak for staff, it could stop clocks.

    The refusal is the one for unknown people, so that nobody learns who works for the vendor.
    """
    if viewer.sees_all:
        return
    person = Person.objects.filter(slug=author).first()
    held = authority(person, workspace, now) if person else None
    if held is None or held.is_staff or not held.role:
        raise Invalid(f'"{author}" is not a person of the workspace "{workspace.slug}".', field="author")
