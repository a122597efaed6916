"""What waits: events that came in, calls that must go out, timers, and the lanes that keep them in order."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q


class Lane(models.Model):
    """What is handled in order: one row per workspace, locked first by every writer (D25).

    `last_number` numbers the workspace's live events under the lock, so that a reconnecting page has no gap (D36); `told_number`
    is the last of those that its customers may know of.
    """

    #: What is written back once events were numbered.
    NUMBERS = ("last_number", "told_number")

    key = models.CharField(max_length=120, unique=True)
    last_number = models.BigIntegerField(default=0)
    told_number = models.BigIntegerField(default=0, db_default=0)

    def __str__(self) -> str:
        return self.key


class Route(models.Model):
    """Which lane an address of a channel belongs to: `("matrix", "!room")` → the workspace's lane.

    `unread_from` (the other side's time) is set from a break on until the address has been read back; from `held_since` on
    what comes from it waits for that (`holds`).
    """

    source = models.CharField(max_length=20)
    address = models.CharField(max_length=255)
    lane = models.ForeignKey(Lane, models.CASCADE, related_name="+")
    since = models.DateTimeField()
    unread_from = models.DateTimeField(null=True)
    held_since = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "address"], name="route_address_once")]
        indexes = [models.Index(fields=["held_since"], name="route_unread", condition=Q(unread_from__isnull=False))]


class Position(models.Model):
    """Up to where in the other side's own stream everything is stored, or its address is marked unread; `at`: when it was asked."""

    source = models.CharField(max_length=20, primary_key=True)
    token = models.TextField()
    at = models.DateTimeField()


class InboxEvent(models.Model):
    """One raw event, stored before it was acknowledged (DESIGN §2.1); `raw` is JSON text with every escape kept.

    `jsonb` would refuse NUL and lone surrogates, and nothing may be refused for its content.
    """

    class State(models.TextChoices):
        PENDING = "pending"
        DONE = "done"
        IGNORED = "ignored"
        SET_ASIDE = "set_aside"

    source = models.CharField(max_length=20)
    external_id = models.CharField(max_length=255)
    address = models.CharField(max_length=255, blank=True)
    lane = models.ForeignKey(Lane, models.CASCADE, null=True, related_name="+", db_index=False)
    is_urgent = models.BooleanField(default=False)
    received_at = models.DateTimeField()
    #: The moved clock's offset at receipt (D29): a later `clock advance` must not move what was said before it.
    clock_offset_us = models.BigIntegerField(default=0)
    raw = models.TextField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    reason = models.TextField(blank=True)
    done_at = models.DateTimeField(null=True)
    is_replayed = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "external_id"], name="inbox_event_once")]
        indexes = [
            models.Index(fields=["lane", "id"], name="inbox_pending", condition=Q(state="pending", lane__isnull=False)),
            models.Index(fields=["lane", "id"], name="inbox_urgent", condition=Q(state="pending", is_urgent=True)),
            models.Index(
                fields=["source", "address"], name="inbox_unrouted", condition=Q(state="pending", lane__isnull=True)
            ),
            models.Index(fields=["id"], name="inbox_set_aside", condition=Q(state="set_aside")),
        ]


class AppserviceTransaction(models.Model):
    """Transactions seen in a bounded window; a repeat is answered without looking at its events again.

    Synapse may re-issue an id after its database was restored, so the body's digest belongs to the identity.
    """

    transaction_id = models.CharField(max_length=255)
    digest = models.CharField(max_length=64)
    received_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["transaction_id", "digest"], name="appservice_transaction_once")]


class OutboxRow(models.Model):
    """One call that must leave the machine, with its whole life.

    `key` survives crashes: it is the Matrix transaction id and the marker in the content. `once` says what the row is
    for (`case:12:1:opened`), so that a second attempt to say the same thing inserts nothing. One row per `destination` is
    in flight, in order of `id` (D27). `after` is a row whose result this one needs.
    """

    class State(models.TextChoices):
        QUEUED = "queued"
        SENDING = "sending"
        RETRY = "retry"
        SENT = "sent"
        FAILED = "failed"
        DROPPED = "dropped"

    ACTIVE = (State.QUEUED, State.SENDING, State.RETRY)

    key = models.CharField(max_length=64, unique=True, default=uuid.uuid4)
    once = models.CharField(max_length=200, null=True, unique=True)
    lane = models.ForeignKey(Lane, models.CASCADE, null=True, related_name="+", db_index=False)
    channel = models.CharField(max_length=20)
    kind = models.CharField(max_length=40)
    destination = models.CharField(max_length=255)
    priority = models.SmallIntegerField(default=0)
    payload = models.TextField()
    after = models.ForeignKey("self", models.SET_NULL, null=True, related_name="+")
    case_id = models.BigIntegerField(null=True)
    message_id = models.BigIntegerField(null=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    attempts = models.PositiveIntegerField(default=0)
    next_at = models.DateTimeField()
    created_at = models.DateTimeField()
    first_claimed_at = models.DateTimeField(null=True)
    claimed_at = models.DateTimeField(null=True)
    claimed_by = models.BigIntegerField(null=True)
    sent_at = models.DateTimeField(null=True)
    confirmed_at = models.DateTimeField(null=True)
    external_id = models.CharField(max_length=255, blank=True)
    result = models.TextField(blank=True)
    last_error = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["destination"], condition=Q(state="sending"), name="outbox_one_in_flight_per_destination"
            )
        ]
        indexes = [
            models.Index(
                fields=["destination", "id"],
                name="outbox_active",
                condition=Q(state__in=["queued", "sending", "retry"]),
            ),
            models.Index(
                fields=["id"],
                name="outbox_urgent",
                condition=Q(priority__gte=100, state__in=["queued", "sending", "retry"]),
            ),
            models.Index(fields=["external_id"], name="outbox_external", condition=~Q(external_id="")),
            models.Index(fields=["case_id"], name="outbox_case", condition=Q(case_id__isnull=False)),
        ]


class Timer(models.Model):
    """Something due at an instant, for a lane. Fires once: the row is claimed under the lane's lock."""

    class State(models.TextChoices):
        PENDING = "pending"
        FIRED = "fired"
        CANCELLED = "cancelled"

    lane = models.ForeignKey(Lane, models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(max_length=40)
    subject_id = models.BigIntegerField()
    next_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    fired_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject_id"], condition=Q(state="pending"), name="timer_pending_once"
            )
        ]
        indexes = [models.Index(fields=["next_at"], name="timer_due", condition=Q(state="pending"))]


class WorkerNumber(models.Model):
    """Gives each worker process a number; it holds an advisory lock on it as long as it lives."""

    started_at = models.DateTimeField()


class IdempotentRequest(models.Model):
    """The answer to a write that carried an Idempotency-Key, so that its repeat gets the same answer."""

    owner = models.CharField(max_length=80)
    key = models.CharField(max_length=200)
    digest = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    body = models.TextField()
    created_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner", "key"], name="idempotency_key_once")]
