"""Running measures of what the policy promises, every change of what they rest on, and what staff were told of them."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce


class Clock(models.Model):
    """One promise on one cycle of a case, with the target and policy version that hold now.

    `due_at` is UTC, rounded up to a second; null when the target has none, or while a pause keeps it from being reached.
    `state` is as last decided: `running` (paused while `paused_at` is set), `met`, `breached` (or `past_aim` when soft),
    `cancelled`. Update clocks form a series: each public message of staff ends one and begins the next.
    """

    class Kind(models.TextChoices):
        FIRST_RESPONSE = "first_response"
        UPDATE = "update"
        RESOLUTION = "resolution"

    class State(models.TextChoices):
        RUNNING = "running"
        MET = "met"
        BREACHED = "breached"
        PAST_AIM = "past_aim"
        CANCELLED = "cancelled"

    id = models.BigIntegerField(primary_key=True)
    case = models.ForeignKey("cases.Case", models.CASCADE, related_name="clocks")
    cycle = models.ForeignKey("cases.CaseCycle", models.CASCADE, related_name="clocks")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    severity = models.CharField(max_length=40)
    #: Of the present promise. Not always the cycle's, which holds for the promises that are made next (D8).
    tier = models.CharField(max_length=80)
    #: Add-ons of the present promise, with a space between; as `pauses`.
    addons = models.TextField(blank=True)
    target_kind = models.CharField(max_length=20)
    target_amount = models.CharField(max_length=20, blank=True)
    is_soft = models.BooleanField(default=False)
    is_public = models.BooleanField(default=True)
    calendar = models.CharField(max_length=80, blank=True)
    product_version = models.ForeignKey("product.ProductVersion", models.PROTECT, related_name="+")
    started_at = models.DateTimeField()
    #: From here the target is counted: the start, but for a changed tier, which counts from when it took effect (D8).
    counted_from = models.DateTimeField()
    #: A change upward at this instant: never due before the product's grace has passed since (D17).
    grace_from = models.DateTimeField(null=True)
    #: Ended pauses as `begin/end` in ISO 8601, with a space between; read with the row, needed by nobody in SQL.
    pauses = models.TextField(blank=True)
    paused_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.RUNNING)
    #: The due time that passed; kept when it is answered afterwards, and when the promise is changed afterwards (D17).
    breached_at = models.DateTimeField(null=True)
    stopped_at = models.DateTimeField(null=True)
    stopped_by = models.CharField(max_length=255, blank=True)
    cancelled_at = models.DateTimeField(null=True)
    #: Number of the newest `Revision`, and when it took effect: nothing is told of a time before that.
    revision = models.PositiveSmallIntegerField(default=1)
    revised_at = models.DateTimeField()
    #: The highest step (percent of the target, 100 for the breach) that staff were told of in this revision.
    told = models.PositiveSmallIntegerField(default=0)
    #: The change that made the due time earlier, and the promise (JSON) that would hold without it; empty for none.
    cause = models.CharField(max_length=120, blank=True)
    without = models.TextField(blank=True)
    #: Set on a breach that exists only by a split, a merge or a reclassification (D16).
    caused_by = models.CharField(max_length=120, blank=True)
    #: The clock of a merged case that this one goes on for, and on cancelled ones the case whose merge cancelled it.
    taken_from = models.ForeignKey("self", models.PROTECT, null=True, related_name="+")
    merged_with = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["cycle", "kind"],
                condition=~Q(state="cancelled") & ~Q(kind="update") & Q(taken_from=None),
                name="clock_once_per_cycle_and_kind",
            ),
            models.UniqueConstraint(
                fields=["cycle", "kind"],
                condition=~Q(state="cancelled") & Q(stopped_at=None),
                name="clock_one_running_per_cycle_and_kind",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="clock_running_due", condition=Q(stopped_at=None)),
            # When it is counted in reports, by the month of its due time.
            models.Index(Coalesce("breached_at", "due_at"), name="clock_judged_at"),
            models.Index(fields=["merged_with"], name="clock_merged_with", condition=Q(merged_with__isnull=False)),
        ]


class Revision(models.Model):
    """What a clock's due time rested on from `at` on, and why it changed then (R21). The first is its start.

    `counted_due_at` is the target counted from `counted_from`, `grace_due_at` the earliest due that the grace after a
    change upward allows (D17), `due_at` the later of both; as decided then, later pauses move the clock's own.
    """

    clock = models.ForeignKey(Clock, models.CASCADE, related_name="revisions")
    number = models.PositiveSmallIntegerField()
    at = models.DateTimeField()
    by = models.CharField(max_length=300)
    cause = models.CharField(max_length=120)
    reason = models.TextField(blank=True)
    severity = models.CharField(max_length=40)
    kind = models.CharField(max_length=20)
    tier = models.CharField(max_length=80)
    addons = ArrayField(models.CharField(max_length=80), default=list)
    product_version = models.ForeignKey("product.ProductVersion", models.PROTECT, related_name="+")
    target_kind = models.CharField(max_length=20)
    target_amount = models.CharField(max_length=20, blank=True)
    is_soft = models.BooleanField(default=False)
    is_public = models.BooleanField(default=True)
    calendar = models.CharField(max_length=80, blank=True)
    counted_from = models.DateTimeField()
    counted_due_at = models.DateTimeField(null=True)
    grace_due_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["clock", "number"], name="clock_revision_once")]


class Notice(models.Model):
    """That a clock presses or has run late, told to staff once per clock, revision and step (R22, D18).

    `planned_at` is when it ought to have been told: the step's instant, moved into the target's own hours. One told late,
    after an outage or for something that came in late, stands in the digest of its quarter of an hour. There is no text
    here: who may see the case sees its title (D22).
    """

    class Audience(models.TextChoices):
        ASSIGNEE = "assignee"
        LEAD = "lead"
        DESK = "desk"

    clock = models.ForeignKey(Clock, models.CASCADE, related_name="notices")
    revision = models.PositiveSmallIntegerField()
    #: Percent of the target; 100 is the breach.
    step = models.PositiveSmallIntegerField()
    due_at = models.DateTimeField()
    planned_at = models.DateTimeField()
    told_at = models.DateTimeField()
    is_late = models.BooleanField(default=False)
    audience = models.CharField(max_length=10, choices=Audience.choices)
    assignee = models.ForeignKey("directory.Person", models.PROTECT, null=True, related_name="+")
    digest = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["clock", "revision", "step"], name="clock_notice_once")]


class NoticeSeen(models.Model):
    """A person has acknowledged a notice."""

    notice = models.ForeignKey(Notice, models.CASCADE, related_name="seen")
    person = models.ForeignKey("directory.Person", models.CASCADE, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["notice", "person"], name="clock_notice_seen_once")]
