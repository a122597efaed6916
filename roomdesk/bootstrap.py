"""Brings Django up over our settings, once a process."""

from __future__ import annotations

import os

from roomdesk.runtime import clock
from roomdesk.runtime.instance import resolve
from roomdesk.runtime.settings import load

settings = resolve(load(os.environ))

#: Set by `roomdesk migrate`: only the owner's role may change tables.
AS_OWNER = "ROOMDESK_AS_OWNER"


def setup() -> None:
    """Makes Django ready; may be called again."""
    clock.configure(settings)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "roomdesk.django_settings")
    import django  # The settings must be named before Django is imported for the first time.

    django.setup()
