"""Who may have which file: whoever may read the case it came in, as long as its message stands; that of a note only staff."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from roomdesk.cases.models import Case
from roomdesk.cases.queries import access_cases, is_staff
from roomdesk.directory.queries import Viewer, workspaces_of
from roomdesk.record.models import File, Message
from roomdesk.refusals import Gone, NotFound


def access_file(file_id: int, viewer: Viewer) -> File:
    """A file of the record. One error for missing and forbidden; `Gone` where it is known and nobody gets it (any more), with the reason."""
    file = File.objects.filter(pk=file_id).select_related("workspace").first()
    message = Message.objects.filter(pk=file.message_id).first() if file else None
    if file is None or message is None or not _may_read(message, viewer):
        raise NotFound(f"There is no file {file_id}, or it is not yours to see.", field="id")
    if message.redacted_at:
        raise Gone("The message that this file came with was removed.", field="id")
    if file.state in (File.State.REFUSED, File.State.LOST):
        raise Gone(file.problem, field="id")
    return file


def _may_read(message: Message, viewer: Viewer) -> bool:
    if message.kind == Message.Kind.NOTE and not is_staff(viewer):
        return False
    if message.case_id:
        return bool(access_cases(viewer).filter(pk=message.case_id).exists())
    return viewer.sees_all or bool(workspaces_of(viewer).filter(pk=message.workspace_id).exists())


def case_of(file: File) -> Case | None:
    """The case that the file's message belongs to."""
    message = Message.objects.filter(pk=file.message_id).select_related("case").first()
    return message.case if message else None


def files_of(messages: Iterable[Message]) -> dict[int, File]:
    """The files of these messages by message id, in one query."""
    wanted = [message.pk for message in messages if message.kind in (Message.Kind.FILE, Message.Kind.NOTE)]
    return {file.message_id: file for file in File.objects.filter(message_id__in=wanted)} if wanted else {}


def shown_file(file: File | None, message: Message) -> dict[str, Any] | None:
    """A file for people and programs; sizes in bytes. None where there is none or its message was removed."""
    return None if file is None or message.redacted_at else known(file)


def known(file: File) -> dict[str, Any]:
    return {
        "id": file.pk,
        "name": file.name,
        "state": file.state,
        "type": file.type or None,
        "size": file.size,
        "sha256": file.sha256 or None,
        "problem": file.problem or None,
    }
