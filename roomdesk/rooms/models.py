"""Matrix rooms, the workspaces' and the staff's own: what is wanted, what is there."""

from __future__ import annotations

from django.db import models


class Room(models.Model):
    """A room that the desk keeps right. `room_id` is empty until the homeserver has made it.

    A workspace's, or one of the staff's own: then it has a `kind`, the `product` it is for (empty: all of them), and the
    lane in which it is handled. One for direct messages has the `person` who is alone in it with the desk.
    """

    class Kind(models.TextChoices):
        WORKSPACE = "workspace"
        SPACE = "space"
        CONTROL = "control"
        DIRECT = "direct"

    class State(models.TextChoices):
        WANTED = "wanted"
        READY = "ready"
        FAILED = "failed"

    workspace = models.OneToOneField("directory.Workspace", models.CASCADE, null=True, related_name="room")
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.WORKSPACE)
    product = models.CharField(max_length=80, blank=True)
    lane = models.ForeignKey("queues.Lane", models.PROTECT, null=True, related_name="+")
    person = models.OneToOneField("directory.Person", models.PROTECT, null=True, related_name="+")
    room_id = models.CharField(max_length=255, blank=True)
    alias = models.CharField(max_length=255, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WANTED)
    wanted_at = models.DateTimeField()
    ready_at = models.DateTimeField(null=True)
    problem = models.TextField(blank=True)
    #: User ids with staff power, sorted, separated by a space: what the newest power levels that we sent say.
    powered = models.TextField(blank=True)
    #: How many calls we have planned for this room: a look that was asked for before the last of them saw an older room.
    acts = models.IntegerField(default=0)
    #: When a worker last compared the room with what it should be.
    checked_at = models.DateTimeField(null=True)
    #: How often the room was asked for: after the first time by an operator's word, or because it was lost.
    makings = models.IntegerField(default=1)
    #: The former room whose place this one takes, or will take; empty for a workspace's first.
    replaces = models.CharField(max_length=255, blank=True)
    #: False in a room that was taken over and of which the keeper is no creator: there it needs power by name.
    keeper_is_creator = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["room_id"], condition=~models.Q(room_id=""), name="room_id_once"),
            models.UniqueConstraint(
                fields=["kind", "product"], condition=models.Q(workspace=None, person=None), name="staff_room_once"
            ),
            models.CheckConstraint(
                condition=models.Q(kind="workspace", workspace__isnull=False)
                | (~models.Q(kind="workspace") & models.Q(workspace=None, lane__isnull=False)),
                name="room_is_somebodys",
            ),
            models.CheckConstraint(
                condition=models.Q(kind="direct", person__isnull=False)
                | (~models.Q(kind="direct") & models.Q(person=None)),
                name="room_is_direct",
            ),
        ]


class FormerRoom(models.Model):
    """A room that was the workspace's once. What is still said there is read, as long as it exists."""

    class Why(models.TextChoices):
        DELETED = "deleted"
        UPGRADED = "upgraded"
        OPERATOR = "operator"

    room = models.ForeignKey(Room, models.CASCADE, related_name="former")
    #: Its id at the homeserver.
    address = models.CharField(max_length=255, unique=True)
    why = models.CharField(max_length=20, choices=Why.choices)
    left_at = models.DateTimeField(db_index=True)


class RoomMember(models.Model):
    """Who is in a room, as the homeserver told us."""

    room = models.ForeignKey(Room, models.CASCADE, related_name="members")
    user_id = models.CharField(max_length=255)
    membership = models.CharField(max_length=10)
    since = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["room", "user_id"], name="room_member_once")]


class Drift(models.Model):
    """A room that was found other than it should be, and what became of it.

    `found` is the plan as JSON (`actions`, `held`, `problem`), which one open row holds at most once; `left` what a look
    after the repair still found. `because` says who looked: the sweep or an operator.
    """

    id = models.BigIntegerField(primary_key=True)
    room = models.ForeignKey(Room, models.CASCADE, related_name="drifts")
    because = models.CharField(max_length=20)
    found = models.TextField()
    left = models.TextField(blank=True)
    found_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    repaired_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["room", "found_at"], name="drift_room_found")]
