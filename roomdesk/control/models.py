"""What of the cases stands in the control rooms."""

from __future__ import annotations

from django.db import models


class Thread(models.Model):
    """A case's thread in the control room of its product: the card on top, and how far the thread has told what happened.

    `room_id` is the room it stands in: where that was made anew, so is the thread. `shown` is the card's newest text,
    `shown_row` the outbox row that says it, `card_row` the one that began the thread; `root_event_id` is known once the
    homeserver has the card. `told_change` and `told_notice` are the newest of their tables that are told.
    """

    case = models.OneToOneField("cases.Case", models.CASCADE, primary_key=True, related_name="+")
    room_id = models.CharField(max_length=255)
    root_event_id = models.CharField(max_length=255, blank=True)
    card_row = models.BigIntegerField()
    shown_row = models.BigIntegerField()
    shown = models.TextField()
    edits = models.IntegerField(default=0)
    told_change = models.BigIntegerField(default=0)
    told_notice = models.BigIntegerField(default=0)

    class Meta:
        indexes = [
            models.Index(fields=["root_event_id"], name="thread_root", condition=~models.Q(root_event_id="")),
            models.Index(fields=["card_row"], name="thread_card"),
        ]


class Command(models.Model):
    """A command of staff, as it was written in the control room or to the desk directly (D9), and what became of it.

    `product` is that of the control room, or of the case, empty where there is neither. It is carried out under the lane of its case's workspace, by a timer that is due at once; `case` is None where none was named.
    `root` is the event whose thread it stands in, empty for the main line. `is_sign`: it was given as a reaction in the customer's room.
    """

    class State(models.TextChoices):
        WAITING = "waiting"
        DONE = "done"
        REFUSED = "refused"

    id = models.BigIntegerField(primary_key=True)
    event_id = models.CharField(max_length=255, unique=True)
    product = models.CharField(max_length=80)
    case = models.ForeignKey("cases.Case", models.CASCADE, null=True, related_name="+")
    room_id = models.CharField(max_length=255)
    root = models.CharField(max_length=255, blank=True)
    sender = models.CharField(max_length=255)
    text = models.TextField()
    is_sign = models.BooleanField(default=False)
    at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    #: What was answered; empty where a sign was enough.
    answer = models.TextField(blank=True)
    done_at = models.DateTimeField(null=True)
