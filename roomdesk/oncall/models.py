"""Pages: calls for the engineer on call, with every way that was tried (R37–R39)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class Page(models.Model):
    """A call for somebody of the vendor, for one cycle of a case, until a human has it.

    `key` is what PagerDuty knows it by, and stays the same for ever. `case_id` and `ref` name the case, which is kept above this
    layer; both are empty for a moment where the page was made of the bare inbox row (D26, `event_id`), and for a drill.
    State: `queued` until a way took it, `accepted` until a human did, then `acknowledged`, and `resolved` with its case.
    """

    class State(models.TextChoices):
        QUEUED = "queued"
        ACCEPTED = "accepted"
        ACKNOWLEDGED = "acknowledged"
        RESOLVED = "resolved"

    class Cause(models.TextChoices):
        P0 = "p0"
        STAFF = "staff"
        DRILL = "drill"

    #: Nobody has it yet.
    WAITING = (State.QUEUED, State.ACCEPTED)
    #: PagerDuty may have an incident for it.
    OPEN = (State.QUEUED, State.ACCEPTED, State.ACKNOWLEDGED)

    id = models.BigIntegerField(primary_key=True)
    key = models.CharField(max_length=255, unique=True)
    workspace = models.ForeignKey("directory.Workspace", models.PROTECT, null=True, related_name="+", db_index=False)
    lane = models.ForeignKey("queues.Lane", models.PROTECT, related_name="+", db_index=False)
    product = models.CharField(max_length=80)
    case_id = models.BigIntegerField(null=True)
    ref = models.CharField(max_length=40, blank=True)
    cycle = models.PositiveSmallIntegerField(default=1)
    event_id = models.CharField(max_length=255, blank=True)
    cause = models.CharField(max_length=10, choices=Cause.choices)
    severity = models.CharField(max_length=10)
    state = models.CharField(max_length=12, choices=State.choices, default=State.QUEUED)
    #: How far it has been escalated (`rules.call_order`).
    step = models.PositiveSmallIntegerField(default=0)
    #: From when the steps count anew, where somebody had it and let it go.
    counted_from = models.DateTimeField(null=True)
    opened_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.CharField(max_length=300, blank=True)
    acknowledged_via = models.CharField(max_length=20, blank=True)
    resolved_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["case_id", "cycle"], condition=Q(case_id__isnull=False), name="page_once_per_cycle"
            ),
            models.UniqueConstraint(fields=["event_id"], condition=~Q(event_id=""), name="page_once_per_event"),
        ]
        indexes = [
            models.Index(fields=["workspace", "opened_at"], name="page_open", condition=~Q(state="resolved")),
            models.Index(fields=["-id"], name="page_newest"),
        ]

    def __str__(self) -> str:
        return self.key


class Call(models.Model):
    """One way by which a page reaches somebody. `to` is a person's id, empty for whoever PagerDuty's own service calls.

    `route` says where the address stands: the name of a routing in the settings, or a person's way. `row_id` is the outbox row
    that makes the call; `problem` is the newest one.
    """

    class State(models.TextChoices):
        QUEUED = "queued"
        ACCEPTED = "accepted"
        FAILED = "failed"
        NOT_NEEDED = "not_needed"

    id = models.BigIntegerField(primary_key=True)
    page = models.ForeignKey(Page, models.CASCADE, related_name="calls")
    way = models.CharField(max_length=20)
    to = models.CharField(max_length=120, blank=True)
    route = models.CharField(max_length=200)
    step = models.PositiveSmallIntegerField(default=0)
    state = models.CharField(max_length=12, choices=State.choices, default=State.QUEUED)
    row_id = models.BigIntegerField()
    at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    problem = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["page", "way", "to", "route", "step"], name="call_once")]


class Attempt(models.Model):
    """One try of a call. `action` is trigger, note, acknowledge or resolve; `status` what was answered, None where nobody did.

    `problem` is empty for a success.
    """

    call = models.ForeignKey(Call, models.CASCADE, related_name="attempts")
    action = models.CharField(max_length=12)
    at = models.DateTimeField()
    status = models.PositiveSmallIntegerField(null=True)
    milliseconds = models.PositiveIntegerField()
    problem = models.TextField(blank=True)


class Incident(models.Model):
    """Which of our pages an incident of PagerDuty is about. One may group several: it knows its alerts' keys, and has none itself."""

    incident_id = models.CharField(max_length=80)
    page = models.ForeignKey(Page, models.CASCADE, related_name="incidents")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["incident_id", "page"], name="incident_page_once")]


class Rota(models.Model):
    """Who takes turns for a product, as it was written (docs/rota.md); one for each product. `version` counts its changes.

    Of one that PagerDuty computes (`source`), `written` holds the on-calls that were taken over.
    """

    class Source(models.TextChoices):
        ROOMDESK = "roomdesk"
        PAGERDUTY = "pagerduty"

    product = models.CharField(max_length=80, unique=True)
    source = models.CharField(max_length=10, choices=Source.choices, default=Source.ROOMDESK)
    written = models.JSONField()
    version = models.PositiveIntegerField(default=1)
    changed_at = models.DateTimeField()
    changed_by = models.CharField(max_length=300)

    def __str__(self) -> str:
        return self.product


class Import(models.Model):
    """How taking over a product's on-calls from PagerDuty went last. `heard_at` is the last time that it was told, `problem` why not since.

    `strangers` are those on call there whom nobody of the staff here is, by their mail address.
    """

    product = models.CharField(max_length=80, unique=True)
    asked_at = models.DateTimeField(null=True)
    heard_at = models.DateTimeField(null=True)
    problem = models.TextField(blank=True)
    strangers = models.JSONField(default=list)


class Swap(models.Model):
    """Somebody is on call in a layer instead of whoever would be, for a stated reason. Taken back it stays on record."""

    rota = models.ForeignKey(Rota, models.CASCADE, related_name="swaps")
    layer = models.CharField(max_length=40)
    person = models.CharField(max_length=120)
    start = models.DateTimeField()
    end = models.DateTimeField()
    reason = models.CharField(max_length=300)
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=300)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=300, blank=True)

    class Meta:
        indexes = [models.Index(fields=["rota", "end"], name="swap_end", condition=Q(ended_at=None))]


class Need(models.Model):
    """Somebody has taken a case (`ref`): until it is over, or somebody else's, they belong in the workspace's room (D32)."""

    workspace = models.ForeignKey("directory.Workspace", models.CASCADE, related_name="+", db_index=False)
    person = models.ForeignKey("directory.Person", models.PROTECT, related_name="+", db_index=False)
    ref = models.CharField(max_length=40)
    since = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["ref"], condition=Q(ended_at=None), name="need_once_per_case")]
        indexes = [models.Index(fields=["workspace"], name="need_open", condition=Q(ended_at=None))]


class Feed(models.Model):
    """A calendar of a rota, or of one person in it, at an address that is secret: only its SHA-256 is kept. `person` empty: everybody."""

    rota = models.ForeignKey(Rota, models.CASCADE, related_name="feeds")
    person = models.CharField(max_length=120, blank=True)
    digest = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=300)
    revoked_at = models.DateTimeField(null=True)


class Reach(models.Model):
    """A way of somebody of the staff: `apprise` with an address of Apprise, `pagerduty` with a routing key of their own, `matrix` in their
    room with the desk, which needs no address.

    `address` is a secret, and shown to nobody again but by its beginning.
    """

    class Way(models.TextChoices):
        APPRISE = "apprise"
        PAGERDUTY = "pagerduty"
        MATRIX = "matrix"

    person = models.ForeignKey("directory.Person", models.CASCADE, related_name="reaches")
    position = models.PositiveSmallIntegerField()
    way = models.CharField(max_length=20, choices=Way.choices)
    address = models.CharField(max_length=1000, blank=True)
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "position"], name="reach_place_once")]


class Misuse(models.Model):
    """A P0 that was none, recorded by staff with the reason (R41). It counts until it has decayed or is lifted; the workspace sees it and may appeal."""

    workspace = models.ForeignKey("directory.Workspace", models.CASCADE, related_name="misuses", db_index=False)
    case_id = models.BigIntegerField(unique=True)
    ref = models.CharField(max_length=40)
    at = models.DateTimeField()
    by = models.CharField(max_length=300)
    reason = models.TextField()
    appeal = models.TextField(blank=True)
    appealed_at = models.DateTimeField(null=True)
    appealed_by = models.CharField(max_length=300, blank=True)
    lifted_at = models.DateTimeField(null=True)
    lifted_by = models.CharField(max_length=300, blank=True)
    lifted_reason = models.TextField(blank=True)

    class Meta:
        indexes = [models.Index(fields=["workspace", "-at"], name="misuse_workspace")]
