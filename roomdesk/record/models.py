"""The permanent record: everything that was said, by whom, when, and which case it belongs to."""

from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Q


class Message(models.Model):
    """One entry of the record, from whichever channel. Partitioned by month of `recorded_at` (D37).

    `id` is unique over all partitions (one sequence), though the database's key also holds `recorded_at`.
    `at` is when it was said (D13), `number` its place in the workspace's live stream (D36).
    """

    class Kind(models.TextChoices):
        MESSAGE = "message"
        FILE = "file"
        EDIT = "edit"
        REDACTION = "redaction"
        REACTION = "reaction"
        UNREADABLE = "unreadable"
        #: Written by staff for staff, whatever kind of event it came as: no customer ever sees one (D9).
        NOTE = "note"
        OTHER = "other"

    class Author(models.TextChoices):
        CUSTOMER = "customer"
        STAFF = "staff"
        DESK = "desk"
        OTHER = "other"

    id = models.BigIntegerField(primary_key=True)
    workspace = models.ForeignKey("directory.Workspace", models.PROTECT, related_name="+", db_index=False)
    number = models.BigIntegerField()
    channel = models.CharField(max_length=20)
    external_id = models.CharField(max_length=255, blank=True)
    address = models.CharField(max_length=255, blank=True)
    author = models.ForeignKey("directory.Person", models.PROTECT, null=True, related_name="+", db_index=False)
    author_ref = models.CharField(max_length=255)
    author_kind = models.CharField(max_length=10, choices=Author.choices)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    body = models.TextField(blank=True)
    content = models.TextField(blank=True)
    at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    is_late = models.BooleanField(default=False)
    case = models.ForeignKey("cases.Case", models.PROTECT, null=True, related_name="+", db_index=False)
    thread_root = models.CharField(max_length=255, blank=True)
    reply_to = models.CharField(max_length=255, blank=True)
    target = models.CharField(max_length=255, blank=True)
    #: Why it belongs to its case: `code` and a sentence.
    why_code = models.CharField(max_length=40, blank=True)
    why = models.TextField(blank=True)
    edited_at = models.DateTimeField(null=True)
    edited_body = models.TextField(blank=True)
    redacted_at = models.DateTimeField(null=True)
    redacted_by = models.CharField(max_length=255, blank=True)
    #: Planned with this message and perhaps not written yet; not a column.
    kept_file: File | None = None

    class Meta:
        indexes = [
            models.Index(fields=["external_id"], name="message_external"),
            models.Index(fields=["workspace", "at"], name="message_workspace_at"),
            models.Index(fields=["case", "at"], name="message_case_at"),
            # Edits of a message; one of a note is a note.
            models.Index(fields=["target"], name="message_edits", condition=Q(kind__in=["edit", "note"])),
            # What people said and what belongs to no case: few, and looked over by the support lead.
            models.Index(
                fields=["-id"],
                name="message_unplaced",
                condition=Q(case__isnull=True, kind__in=["message", "file"], author_kind__in=["customer", "staff"]),
            ),
        ]


class File(models.Model):
    """What came with a message, and the copy that is kept of it (R08). Everything in `declared_*` and `name` is the sender's word.

    The row is also the chore of fetching it: while `waiting` it is due at `next_at`. `message_id` is `Message.id`. Without `url` it
    was given through a page: it lies where a fetched one would, and `sha256` is what it had then.
    """

    class State(models.TextChoices):
        WAITING = "waiting"
        KEPT = "kept"
        REFUSED = "refused"
        LOST = "lost"

    message_id = models.BigIntegerField(unique=True)
    workspace = models.ForeignKey("directory.Workspace", models.PROTECT, related_name="+")
    url = models.CharField(max_length=500)
    name = models.CharField(max_length=200)
    declared_type = models.CharField(max_length=100, blank=True)
    declared_size = models.BigIntegerField(null=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField(null=True)
    #: Why it is not kept (yet), in words.
    problem = models.TextField(blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    size = models.BigIntegerField(null=True)
    type = models.CharField(max_length=100, blank=True)
    kept_at = models.DateTimeField(null=True)
    #: Given on the room's page then, and not said there yet: there is no message of this number before.
    unsaid_since = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["next_at"], name="file_waiting", condition=models.Q(state="waiting")),
            models.Index(fields=["unsaid_since"], name="file_unsaid", condition=Q(unsaid_since__isnull=False)),
        ]


class Findable(models.Model):
    """What one message is found by (D35): derived from the record, and made anew from it at any time. The id is the message's.

    Only what people said, its newest version; nothing of what was redacted. It is apart from `Message` so that a change there does not
    write its words anew, and in one table, so that one index answers.
    """

    id = models.BigIntegerField(primary_key=True)
    workspace = models.ForeignKey(
        "directory.Workspace", models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    case = models.ForeignKey(
        "cases.Case", models.PROTECT, null=True, related_name="+", db_index=False, db_constraint=False
    )
    at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    words = SearchVectorField()

    class Meta:
        indexes = [
            # Entries wait in a list until there are as many as this (kB): few enough to be looked through by every search.
            GinIndex(fields=["words"], name="findable_words", gin_pending_list_limit=512),
            models.Index(fields=["at", "id"], name="findable_at"),
            models.Index(fields=["workspace", "at", "id"], name="findable_workspace"),
            models.Index(fields=["case", "at"], name="findable_case", condition=Q(case__isnull=False)),
        ]


class Unfiled(models.Model):
    """A message that waits to be filed as `Findable` (docs/decisions/0016). Written by triggers of `record_message`, whoever writes there."""

    message_id = models.BigIntegerField(primary_key=True)
    recorded_at = models.DateTimeField()
