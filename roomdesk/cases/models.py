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
    resolved_at = models.DateTimeField(null=True)
    #: Out of sight until then, or until the customer speaks.
    snoozed_until = models.DateTimeField(null=True)
    merged_into = models.ForeignKey("self", models.PROTECT, null=True, related_name="merged")

    class Meta:
        indexes = [
            models.Index(
                fields=["workspace", "opened_at"],
                name="case_open",
                condition=Q(
                    state__in=["new", "acknowledged", "investigating", "waiting_customer", "waiting_third_party"]
                ),
            ),
            # Few at a time, looked for with every batch of events: a word can make any of them a case (D14).
            models.Index(fields=["workspace"], name="case_deflected", condition=Q(state="deflected")),
            models.Index(fields=["workspace", "-opened_at"], name="case_workspace"),
            models.Index(fields=["-opened_at", "-id"], name="case_newest"),
            # Few, and left out of every search of the record by those who may not read them (D22).
            models.Index(fields=["id"], name="case_restricted", condition=Q(is_restricted=True)),
        ]

    def __str__(self) -> str:
        return self.ref


class Intake(models.Model):
    """What the desk found in a case's first message, and what it asks for (R11, R24). Cases that staff began have none.

    `severity` is the finding before the product's own list (D3); `why` are its reasons as a JSON list of `[code, words]`.
    `known` and `asked` are items of the checklist, with spaces between; `asked` stays as it was asked. `notice_row` is the
    outbox row of the one message in `notice_room`, `shown_row` that of its newest text, `shown`.
    """

    case = models.OneToOneField(Case, models.CASCADE, primary_key=True, related_name="intake")
    kind = models.CharField(max_length=20)
    severity = models.CharField(max_length=40)
    answer = models.CharField(max_length=80, blank=True)
    why = models.TextField(default="[]")
    known = models.TextField(blank=True)
    asked = models.TextField(blank=True)
    notice_row = models.BigIntegerField(null=True)
    notice_room = models.CharField(max_length=255, blank=True)
    shown_row = models.BigIntegerField(null=True)
    shown = models.TextField(blank=True)
    edits = models.PositiveSmallIntegerField(default=0)


class CaseCycle(models.Model):
    """A run from opening (or reopening) to resolution; tier, add-ons and policy are pinned per cycle (D8).

    `first_response` says whether its clock was `started`, is `awaited` (staff reopened, the customer has not spoken yet,
    D19), or is `none` (staff began the case). How it ended: `fix` and `root_cause`, or that the cause is unknown; and whether
    the customer was helped, the newest word of theirs (empty: nobody has said).
    """

    class FirstResponse(models.TextChoices):
        STARTED = "started"
        AWAITED = "awaited"
        NONE = "none"

    id = models.BigIntegerField(primary_key=True)
    case = models.ForeignKey(Case, models.CASCADE, related_name="cycles")
    number = models.PositiveSmallIntegerField()
    tier = models.CharField(max_length=80)
    addons = ArrayField(models.CharField(max_length=80), default=list)
    product_version = models.ForeignKey("product.ProductVersion", models.PROTECT, related_name="+")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    first_response = models.CharField(max_length=8, choices=FirstResponse.choices, default=FirstResponse.STARTED)
    fix = models.TextField(blank=True)
    root_cause = models.TextField(blank=True)
    root_cause_unknown = models.BooleanField(default=False)
    satisfaction = models.CharField(max_length=4, blank=True)
    satisfaction_at = models.DateTimeField(null=True)
    satisfaction_by = models.ForeignKey("directory.Person", models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "number"], name="case_cycle_once")]


class CaseChange(models.Model):
    """Every change of a case's severity, state, kind, assignee …, with who, when and why.

    `mark` names what a report must list: `downward` for a severity that was lowered (D17).
    """

    case = models.ForeignKey(Case, models.CASCADE, related_name="changes")
    cycle = models.PositiveSmallIntegerField()
    at = models.DateTimeField()
    what = models.CharField(max_length=20)
    before = models.CharField(max_length=80, blank=True)
    after = models.CharField(max_length=80, blank=True)
    by = models.CharField(max_length=300)
    reason = models.TextField(blank=True)
    mark = models.CharField(max_length=20, blank=True)


class Question(models.Model):
    """Which case does this message of staff answer (D10)? Answered once, by a case or by "none of them".

    `at` is the message's own time, to which the choice goes back; `choices` are references of the cases that were open.
    """

    id = models.BigIntegerField(primary_key=True)
    workspace = models.ForeignKey("directory.Workspace", models.PROTECT, related_name="+", db_index=False)
    message_id = models.BigIntegerField(unique=True)
    author_ref = models.CharField(max_length=255)
    at = models.DateTimeField()
    asked_at = models.DateTimeField()
    choices = ArrayField(models.CharField(max_length=40), default=list)
    case = models.ForeignKey(Case, models.PROTECT, null=True, related_name="+")
    answered_at = models.DateTimeField(null=True)
    answered_by = models.CharField(max_length=300, blank=True)

    class Meta:
        indexes = [models.Index(fields=["workspace", "id"], name="question_open", condition=Q(answered_at=None))]


class Turns(models.Model):
    """Who of a product's staff got a case by turn, the longest ago first (ids of people). Locked while somebody is chosen."""

    product = models.CharField(max_length=80, primary_key=True)
    order = ArrayField(models.BigIntegerField(), default=list)


class StoredMacro(models.Model):
    """A canned answer that administrators wrote in the console, beside those of the product's files. `texts`: by locale, all of which
    name the variables `asks`; `state`: what the case becomes with it, empty for nothing.
    """

    product = models.CharField(max_length=80)
    slug = models.CharField(max_length=63)
    asks = ArrayField(models.CharField(max_length=40), default=list)
    state = models.CharField(max_length=20, blank=True)
    texts = models.JSONField(default=dict)
    changed_at = models.DateTimeField()
    changed_by = models.CharField(max_length=300)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["product", "slug"], name="stored_macro_once")]

    def __str__(self) -> str:
        return self.slug


class Link(models.Model):
    """Two cases that have to do with each other, of whatever workspaces; for staff only.

    `related`: `case` is the older one. `incident`: `case` is attached to `other`, which leads; at most one at a time.
    """

    class Kind(models.TextChoices):
        RELATED = "related"
        INCIDENT = "incident"

    kind = models.CharField(max_length=8, choices=Kind.choices)
    case = models.ForeignKey(Case, models.CASCADE, related_name="+")
    other = models.ForeignKey(Case, models.CASCADE, related_name="+")
    at = models.DateTimeField()
    by = models.CharField(max_length=300)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["case", "other"], condition=Q(ended_at=None, kind="related"), name="link_once"
            ),
            models.UniqueConstraint(fields=["case"], condition=Q(ended_at=None, kind="incident"), name="leader_once"),
        ]


class Merge(models.Model):
    """A case that was merged into another, with what its undoing must bring back (D16)."""

    id = models.BigIntegerField(primary_key=True)
    case = models.ForeignKey(Case, models.CASCADE, related_name="merges")
    into = models.ForeignKey(Case, models.CASCADE, related_name="+")
    at = models.DateTimeField()
    by = models.CharField(max_length=300)
    state_before = models.CharField(max_length=20)
    into_severity_before = models.CharField(max_length=40)
    into_p0_before = models.DateTimeField(null=True)
    into_answered_before = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case"], condition=Q(undone_at=None), name="merge_one_open")]


class Presence(models.Model):
    """Somebody of the staff has the case's page open: until when that is believed, and until when that they write an answer."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="+")
    person = models.ForeignKey("directory.Person", models.CASCADE, related_name="+")
    here_until = models.DateTimeField()
    writes_until = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "person"], name="presence_once")]


class Reading(models.Model):
    """How far somebody has read in a workspace's room on its page, and until when it is believed that they write there.

    `read_at` and `message_id` are those of the newest message that they have seen; it never goes back.
    """

    workspace = models.ForeignKey("directory.Workspace", models.CASCADE, related_name="+")
    person = models.ForeignKey("directory.Person", models.CASCADE, related_name="+")
    read_at = models.DateTimeField(null=True)
    message_id = models.BigIntegerField(null=True)
    writes_until = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "person"], name="reading_once")]


class SavedView(models.Model):
    """A view of the inbox that somebody keeps under a name: what it is narrowed to, as in its address. `is_shared`: with all staff."""

    owner = models.ForeignKey("directory.Person", models.CASCADE, related_name="+")
    name = models.CharField(max_length=60)
    wanted = models.JSONField(default=dict)
    is_shared = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner", "name"], name="saved_view_once")]

    def __str__(self) -> str:
        return self.name
