"""The append-only chain: who did what, with a salted commitment to content that is kept apart (D30)."""

from __future__ import annotations

from django.db import models


class Head(models.Model):
    """The newest link of a scope's chain (`workspace:acme` or `vendor`); its row is locked last of all."""

    scope = models.CharField(max_length=120, primary_key=True)
    seq = models.BigIntegerField(default=0)
    hash = models.CharField(max_length=64)


class Entry(models.Model):
    """One link. Partitioned by month of `at`; the application's database role can only insert.

    `hash` = SHA-256 over the canonical JSON of every other field with `previous`.
    """

    id = models.BigIntegerField(primary_key=True)
    scope = models.CharField(max_length=120)
    seq = models.BigIntegerField()
    at = models.DateTimeField()
    actor_kind = models.CharField(max_length=12)
    actor = models.CharField(max_length=300)
    action = models.CharField(max_length=60)
    subject = models.CharField(max_length=300)
    commitment = models.CharField(max_length=64)
    previous = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        indexes = [
            models.Index(fields=["scope", "seq"], name="audit_scope_seq"),
            models.Index(fields=["subject", "at"], name="audit_subject_at"),
        ]


class Content(models.Model):
    """What an entry commits to: canonical JSON and its salt. An erasure removes this row; the chain stays whole."""

    entry_id = models.BigIntegerField(primary_key=True)
    salt = models.CharField(max_length=32)
    data = models.TextField()


class SigningKey(models.Model):
    """A public key that has signed receipts or roots (Ed25519, hexadecimal): old signatures are checked by old keys."""

    key_id = models.CharField(max_length=40, primary_key=True)
    public = models.CharField(max_length=64)
    since = models.DateTimeField()


class Root(models.Model):
    """A chain's head as it was on a day, signed: what a customer holds of it, nobody can write another past for (D42).

    `text` is the canonical JSON under `signature`. `filed_at`: it stands in the folder outside the database, too.
    """

    id = models.BigAutoField(primary_key=True)
    scope = models.CharField(max_length=120)
    day = models.DateField()
    seq = models.BigIntegerField()
    hash = models.CharField(max_length=64)
    text = models.TextField()
    signature = models.CharField(max_length=128)
    key_id = models.CharField(max_length=40)
    at = models.DateTimeField()
    filed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["scope", "day"], name="audit_root_once")]
