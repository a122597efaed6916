"""Stored versions of products; whoever relied on one keeps pointing at it."""

from __future__ import annotations

from django.db import models


class ProductVersion(models.Model):
    """One loaded state of a product's files: the whole of it as canonical JSON, holidays included (D38)."""

    slug = models.CharField(max_length=80)
    number = models.PositiveIntegerField()
    content_hash = models.CharField(max_length=64)
    content = models.TextField()
    loaded_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["slug", "number"], name="product_version_once")]

    def __str__(self) -> str:
        return f"{self.slug} v{self.number}"
