"""What was asked of a customer, what they wrote, and what was done with it (R30–R36). Rows say how things stand; the proof is the audit chain."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from roomdesk.rules.consent_answer import State


class Request(models.Model):
    """One question to a workspace: exactly what would be done, and the words that allow it.

    `ref` (`BC-C12`) is its name for people and programs. `action` is canonical JSON (RFC 8785), `action_sha256` what equality goes by.
    Everything that the product's kind said is kept as it was then. `event_id` is the message that asks, empty until the room has it, or where
    there is no room; `opened_at` its time: nothing that was written before counts.
    """

    State = State

    id = models.BigIntegerField(primary_key=True)
    ref = models.CharField(max_length=40, unique=True)
    workspace = models.ForeignKey("directory.Workspace", models.PROTECT, related_name="consents", db_index=False)
    case = models.ForeignKey("cases.Case", models.PROTECT, null=True, related_name="consents")
    product_version = models.ForeignKey("product.ProductVersion", models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=80)
    locale = models.CharField(max_length=10)
    action = models.TextField()
    action_sha256 = models.CharField(max_length=64)
    words = models.TextField()
    impact = models.TextField()
    phrase = models.CharField(max_length=400)
    #: What changes for them, before and after: the attachment of a change of policy (R33).
    details = models.TextField(blank=True)
    feature = models.CharField(max_length=80, blank=True)
    #: Whom a reset is for.
    subject = models.CharField(max_length=200, blank=True)
    who_may = ArrayField(models.CharField(max_length=20))
    approvers = models.PositiveSmallIntegerField(default=1)
    cool_off_minutes = models.PositiveIntegerField(default=0)
    high_risk = models.BooleanField(default=False)
    identity_check = models.BooleanField(default=False)
    announce = models.BooleanField(default=False)
    asked_at = models.DateTimeField()
    asked_by = models.CharField(max_length=300)
    expires_at = models.DateTimeField()
    room_id = models.CharField(max_length=255, blank=True)
    row_id = models.BigIntegerField(null=True)
    event_id = models.CharField(max_length=255, blank=True)
    opened_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=10, default=str(State.OPEN))
    granted_at = models.DateTimeField(null=True)
    reminded_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.CharField(max_length=300, blank=True)
    reason = models.TextField(blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["workspace", "-asked_at"], name="consent_workspace"),
            models.Index(fields=["workspace"], name="consent_alive", condition=Q(state__in=["open", "granted"])),
            models.Index(fields=["-asked_at", "-id"], name="consent_newest"),
        ]

    def __str__(self) -> str:
        return self.ref


class Grant(models.Model):
    """Somebody's written word. `raw` is the event as the homeserver gave it, or what the page was sent; `at` its server time.

    `role` is theirs at that moment. `session` is the evidence of a grant by the portal (JSON), `step_up` that they had just signed in anew.
    """

    id = models.BigIntegerField(primary_key=True)
    request = models.ForeignKey(Request, models.PROTECT, related_name="grants")
    person = models.ForeignKey("directory.Person", models.PROTECT, related_name="+")
    sender = models.CharField(max_length=255)
    role = models.CharField(max_length=20)
    channel = models.CharField(max_length=10)
    event_id = models.CharField(max_length=255, blank=True)
    text = models.TextField()
    raw = models.TextField()
    at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    step_up = models.BooleanField(default=False)
    session = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["request", "person", "channel"], name="consent_grant_once")]
        indexes = [models.Index(fields=["event_id"], name="consent_grant_event", condition=~Q(event_id=""))]


class Afterwards(models.Model):
    """What became of a grant's message later: the evidence stands, the change is kept beside it (R34)."""

    class What(models.TextChoices):
        EDITED = "edited"
        REDACTED = "redacted"

    grant = models.ForeignKey(Grant, models.PROTECT, related_name="afterwards")
    event_id = models.CharField(max_length=255, unique=True)
    what = models.CharField(max_length=8, choices=What.choices)
    by = models.CharField(max_length=255)
    at = models.DateTimeField()
    raw = models.TextField()


class Attempt(models.Model):
    """What somebody wrote that did not count, and why (`verdict`, as in the rules). `answered`: they were told so; once is enough."""

    request = models.ForeignKey(Request, models.PROTECT, related_name="attempts")
    event_id = models.CharField(max_length=255)
    sender = models.CharField(max_length=255)
    verdict = models.CharField(max_length=20)
    text = models.TextField()
    at = models.DateTimeField()
    answered = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["request", "event_id"], name="consent_attempt_once")]


class IdentityCheck(models.Model):
    """That the person was who they said, before a reset (R32): how, who verified it, and on what evidence. Never told in the room."""

    request = models.OneToOneField(Request, models.PROTECT, primary_key=True, related_name="identity")
    method = models.CharField(max_length=200)
    evidence = models.TextField()
    verified_by = models.CharField(max_length=300)
    at = models.DateTimeField()


class Use(models.Model):
    """The one use of a consent, with its signed receipt; and how it ended, once that is told. `code` is a program's exit code."""

    class Result(models.TextChoices):
        DONE = "done"
        FAILED = "failed"
        PARTIAL = "partial"

    request = models.OneToOneField(Request, models.PROTECT, primary_key=True, related_name="use")
    nonce = models.CharField(max_length=200)
    by = models.CharField(max_length=300)
    at = models.DateTimeField()
    receipt = models.TextField()
    signature = models.CharField(max_length=200)
    key_id = models.CharField(max_length=40)
    result = models.CharField(max_length=8, choices=Result.choices, blank=True)
    result_words = models.TextField(blank=True)
    result_code = models.IntegerField(null=True)
    result_at = models.DateTimeField(null=True)
    result_by = models.CharField(max_length=300, blank=True)


class Refused(models.Model):
    """A use that was refused, or tried without using (`what`), by whom and for which action; it stands in the chain since `told_at`, and the
    same was asked `again` so often since then.
    """

    request = models.ForeignKey(Request, models.PROTECT, related_name="refused")
    what = models.CharField(max_length=20)
    verdict = models.CharField(max_length=20, blank=True)
    action_sha256 = models.CharField(max_length=64)
    by = models.CharField(max_length=300)
    told_at = models.DateTimeField()
    again = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["request", "what", "verdict", "action_sha256", "by"], name="consent_refused_once"
            )
        ]
