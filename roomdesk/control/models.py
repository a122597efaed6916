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
