"""Running measures of what the policy promises."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class Clock(models.Model):
    """One promise on one cycle of a case, with the target and policy version it was started with.

    `due_at` is UTC, rounded up to a second; null when the target has none. `state` is as last decided:
    `running`, `met`, `breached` (or `past_aim` when soft), `cancelled`.
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
    target_kind = models.CharField(max_length=20)
    target_amount = models.CharField(max_length=20, blank=True)
    is_soft = models.BooleanField(default=False)
    is_public = models.BooleanField(default=True)
    calendar = models.CharField(max_length=80, blank=True)
    product_version = models.ForeignKey("product.ProductVersion", models.PROTECT, related_name="+")
    started_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.RUNNING)
    #: When it was found late; kept when it is answered afterwards.
    breached_at = models.DateTimeField(null=True)
    stopped_at = models.DateTimeField(null=True)
    stopped_by = models.CharField(max_length=255, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["cycle", "kind"], condition=~Q(state="cancelled"), name="clock_one_per_cycle_and_kind"
            )
        ]
        indexes = [models.Index(fields=["due_at"], name="clock_running_due", condition=Q(stopped_at=None))]
