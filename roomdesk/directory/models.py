"""Workspaces, people and what they may do, as validity intervals: authority is judged at the time of the act (D5)."""

from __future__ import annotations

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower


class PersonManager(BaseUserManager["Person"]):
    def get_by_natural_key(self, username: str | None) -> Person:
        return self.get(slug=username)


class Person(AbstractBaseUser):
    """One identity: signs in by OIDC, has one Matrix account and one mailbox, may belong to many workspaces and be staff.

    `slug` is the id that REST and the command line speak of, unique per installation; it is also the OIDC subject.
    """

    slug = models.CharField(max_length=80, unique=True)
    name = models.CharField(max_length=200)
    email = models.EmailField(blank=True)
    localpart = models.CharField(max_length=200, unique=True)
    locale = models.CharField(max_length=10, blank=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    objects = PersonManager()
    USERNAME_FIELD = "slug"
    EMAIL_FIELD = "email"

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), condition=~Q(email=""), name="person_email_once")]

    def __str__(self) -> str:
        return self.slug


class Identity(models.Model):
    """A person's account at an outside identity provider. An address may pass to somebody else there; issuer and subject do not
    (OpenID Connect Core 1.0, 5.7). `linked_by`: who said so, or the provider itself at the first sign-in.
    """

    person = models.ForeignKey(Person, models.PROTECT, related_name="identities")
    issuer = models.CharField(max_length=500)
    subject = models.CharField(max_length=255)
    linked_at = models.DateTimeField()
    linked_by = models.CharField(max_length=300)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["issuer", "subject"], name="identity_once"),
            models.UniqueConstraint(fields=["person", "issuer"], name="identity_one_for_an_issuer"),
        ]


class Workspace(models.Model):
    """One customer of one product."""

    class State(models.TextChoices):
        TRIAL = "trial"
        ACTIVE = "active"
        SUSPENDED = "suspended"
        CANCELLED = "cancelled"

    slug = models.CharField(max_length=80, unique=True)
    product = models.CharField(max_length=80)
    display_name = models.CharField(max_length=200)
    locale = models.CharField(max_length=10)
    time_zone = models.CharField(max_length=60, blank=True)
    account_manager = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    lane = models.OneToOneField("queues.Lane", models.PROTECT, related_name="workspace")
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.slug


class WorkspaceTerms(models.Model):
    """Tier, add-ons and state of a workspace for a span of time; exactly one row is open."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="terms")
    tier = models.CharField(max_length=80)
    addons = ArrayField(models.CharField(max_length=80), default=list)
    state = models.CharField(max_length=10, choices=Workspace.State.choices, default=Workspace.State.ACTIVE)
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace"], condition=Q(valid_to=None), name="terms_one_open"),
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_to__gte=F("valid_from")), name="terms_valid_forwards"
            ),
        ]


class Membership(models.Model):
    """A person's role in a workspace for a span of time. Exactly one owner at a time (D6)."""

    class Role(models.TextChoices):
        OWNER = "owner"
        ADMIN = "admin"
        MEMBER = "member"

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="memberships")
    person = models.ForeignKey(Person, models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role.choices)
    support_room_access = models.BooleanField(default=False)
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "person"], condition=Q(valid_to=None), name="membership_one_open_per_person"
            ),
            models.UniqueConstraint(
                fields=["workspace"], condition=Q(valid_to=None, role="owner"), name="membership_one_owner"
            ),
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_to__gte=F("valid_from")), name="membership_valid_forwards"
            ),
        ]


class AccessRequest(models.Model):
    """A member asks for access to the workspace's room (D7). At most one is open; `outcome` is empty until then.

    `asked_by` and `decided_by` are ids of people, or `token:…`, `cli:…` where a program or an operator spoke for itself.
    """

    class Outcome(models.TextChoices):
        APPROVED = "approved"
        DECLINED = "declined"
        WITHDRAWN = "withdrawn"
        #: The membership ended before anybody decided.
        ENDED = "ended"

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="access_requests")
    person = models.ForeignKey(Person, models.PROTECT, related_name="access_requests")
    asked_at = models.DateTimeField()
    asked_by = models.CharField(max_length=300)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=300, blank=True)
    outcome = models.CharField(max_length=10, choices=Outcome.choices, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "person"], condition=Q(decided_at=None), name="access_request_one_open"
            ),
            models.CheckConstraint(
                condition=Q(decided_at=None, outcome="") | (Q(decided_at__isnull=False) & ~Q(outcome="")),
                name="access_request_decided",
            ),
        ]
        indexes = [models.Index(fields=["workspace", "-asked_at"], name="access_request_newest")]


class StaffRole(models.Model):
    """What a person does for the vendor, for one product or for all (`product` empty), for a span of time."""

    class Role(models.TextChoices):
        ACCOUNT_MANAGER = "account_manager"
        ENGINEER = "engineer"
        LEAD = "lead"
        SPECIALIST = "specialist"
        SECURITY = "security"
        AUDITOR = "auditor"
        ADMINISTRATOR = "administrator"

    person = models.ForeignKey(Person, models.PROTECT, related_name="staff_roles")
    role = models.CharField(max_length=20, choices=Role.choices)
    product = models.CharField(max_length=80, blank=True)
    field = models.CharField(max_length=40, blank=True)
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person", "role", "product", "field"], condition=Q(valid_to=None), name="staff_role_one_open"
            )
        ]


class Availability(models.Model):
    """Whether a member of the staff is given new cases by turn; who has said nothing is present.

    `capacity` is the most open cases at which they get one more; 0 means the product's own number.
    """

    person = models.OneToOneField(Person, models.CASCADE, primary_key=True, related_name="availability")
    is_present = models.BooleanField(default=True)
    capacity = models.PositiveSmallIntegerField(default=0)
    since = models.DateTimeField()


class Escalation(models.Model):
    """Specialists of a field are called in for a case, for a span of time: while it is open they belong in the room (R26, D15, D32).

    `ref` is the case's reference: cases are kept above this layer. `field` as in `StaffRole`.
    """

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="escalations")
    ref = models.CharField(max_length=40)
    field = models.CharField(max_length=40)
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["ref", "field"], condition=Q(valid_to=None), name="escalation_one_open"),
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_to__gte=F("valid_from")), name="escalation_valid_forwards"
            ),
        ]


class ApiToken(models.Model):
    """A scoped token for REST; only its SHA-256 is kept."""

    name = models.CharField(max_length=80, unique=True)
    digest = models.CharField(max_length=64, unique=True)
    scopes = ArrayField(models.CharField(max_length=40))
    workspace = models.ForeignKey(Workspace, models.CASCADE, null=True, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
