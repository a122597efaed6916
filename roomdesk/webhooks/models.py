"""Where the desk tells other programs what happens, and what became of each telling."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models


class Endpoint(models.Model):
    """An address that hears of events. `product` limits it to one product's (empty: all); `events` to these types (empty: all).

    `former_secret` signs beside `secret` until `former_until`. `failing_since` is the first failure since the last success;
    `disabled_at` with its reason says that nothing is sent any more; `disabled_by` names who switched it off, empty for the desk itself.
    """

    slug = models.CharField(max_length=80, unique=True)
    url = models.CharField(max_length=500)
    product = models.CharField(max_length=80, blank=True)
    events = ArrayField(models.CharField(max_length=40), default=list)
    secret = models.CharField(max_length=120)
    former_secret = models.CharField(max_length=120, blank=True)
    former_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    failing_since = models.DateTimeField(null=True)
    last_success_at = models.DateTimeField(null=True)
    disabled_at = models.DateTimeField(null=True)
    disabled_reason = models.TextField(blank=True)
    disabled_by = models.CharField(max_length=300, blank=True)

    def __str__(self) -> str:
        return self.slug


class Delivery(models.Model):
    """One event for one endpoint. `message_id` is the event's own, the same for all endpoints and all attempts.

    `row_id` is the outbox row that sends it now: after a replay another one than at first.
    """

    id = models.BigIntegerField(primary_key=True)
    endpoint = models.ForeignKey(Endpoint, models.CASCADE, related_name="deliveries", db_index=False)
    message_id = models.CharField(max_length=40)
    type = models.CharField(max_length=40)
    subject = models.CharField(max_length=80)
    at = models.DateTimeField()
    row_id = models.BigIntegerField()
    replays = models.PositiveSmallIntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["endpoint", "-id"], name="delivery_endpoint")]


class Attempt(models.Model):
    """One try. `status` is what was answered, None where nobody did; `problem` is empty for a success."""

    delivery = models.ForeignKey(Delivery, models.CASCADE, related_name="attempts")
    at = models.DateTimeField()
    status = models.PositiveSmallIntegerField(null=True)
    milliseconds = models.PositiveIntegerField()
    problem = models.TextField(blank=True)
