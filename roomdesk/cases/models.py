"""Cases: one matter each, with kind, severity, state, cycles and everything that changed."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q


class Case(models.Model):
    """One matter. `ref` (`BC-1042`) is its name for people; numbers come from one sequence for the installation."""

    class State(models.TextChoices):
        NEW = "new"
        ACKNOWLEDGED = "acknowledged"
        INVESTIGATING = "investigating"
        WAITING_CUSTOMER = "waiting_customer"
        WAITING_THIRD_PARTY = "waiting_third_party"
        RESOLVED = "resolved"
        CLOSED = "closed"
        DEFLECTED = "deflected"
        MERGED = "merged"

    OPEN = (State.NEW, State.ACKNOWLEDGED, State.INVESTIGATING, State.WAITING_CUSTOMER, State.WAITING_THIRD_PARTY)

    id = models.BigIntegerField(primary_key=True)
    ref = models.CharField(max_length=40, unique=True)
    workspace = models.ForeignKey("directory.Workspace", models.PROTECT, related_name="cases", db_index=False)
    product = models.CharField(max_length=80)
    title = models.CharField(max_length=160)
    kind = models.CharField(max_length=20)
    severity = models.CharField(max_length=40)
    state = models.CharField(max_length=20, choices=State.choices, default=State.NEW)
    channel = models.CharField(max_length=20)
    is_restricted = models.BooleanField(default=False)
    p0_at = models.DateTimeField(null=True)
    assignee = models.ForeignKey("directory.Person", models.PROTECT, null=True, related_name="+")
    linked_to = models.ForeignKey("self", models.PROTECT, null=True, related_name="+")
    #: The event under which the desk's notices of this case are threaded (D23).
    root_event_id = models.CharField(max_length=255, blank=True)
    opened_at = models.DateTimeField()
    opened_by = models.ForeignKey("directory.Person", models.PROTECT, null=True, related_name="+")
    cycle = models.PositiveSmallIntegerField(default=1)
    answered_at = models.DateTimeField(null=True)
    last_customer_at = models.DateTimeField(null=True)
    last_staff_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["workspace", "opened_at"],
                name="case_open",
                condition=Q(
                    state__in=["new", "acknowledged", "investigating", "waiting_customer", "waiting_third_party"]
                ),
            ),
            models.Index(fields=["workspace", "-opened_at"], name="case_workspace"),
            models.Index(fields=["-opened_at", "-id"], name="case_newest"),
        ]

    def __str__(self) -> str:
        return self.ref


class CaseCycle(models.Model):
    """A run from opening (or reopening) to resolution; tier, add-ons and policy are pinned per cycle (D8)."""

    id = models.BigIntegerField(primary_key=True)
    case = models.ForeignKey(Case, models.CASCADE, related_name="cycles")
    number = models.PositiveSmallIntegerField()
    tier = models.CharField(max_length=80)
    addons = ArrayField(models.CharField(max_length=80), default=list)
    product_version = models.ForeignKey("product.ProductVersion", models.PROTECT, related_name="+")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "number"], name="case_cycle_once")]


class CaseChange(models.Model):
    """Every change of a case's severity, state, kind, assignee …, with who, when and why."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="changes")
    cycle = models.PositiveSmallIntegerField()
    at = models.DateTimeField()
    what = models.CharField(max_length=20)
    before = models.CharField(max_length=80, blank=True)
    after = models.CharField(max_length=80, blank=True)
    by = models.CharField(max_length=300)
    reason = models.TextField(blank=True)
