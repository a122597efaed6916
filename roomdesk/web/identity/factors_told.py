"""What becomes of somebody's second factors stands in the audit, in the transaction that does it (R34)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from allauth.mfa.models import Authenticator
from django.db import connection, transaction
from django.db.models.signals import post_delete, post_save, pre_delete, pre_save
from django.dispatch import Signal
from django.urls import URLPattern, URLResolver

from roomdesk.audit.work import Actor, Work
from roomdesk.runtime import clock

#: The library's pages by which somebody changes them. Its other pages begin a session, or only show.
_CHANGING = frozenset(
    {
        "mfa_activate_totp",
        "mfa_deactivate_totp",
        "mfa_generate_recovery_codes",
        "mfa_add_webauthn",
        "mfa_edit_webauthn",
        "mfa_remove_webauthn",
    }
)


def in_one_transaction(patterns: Iterable[URLPattern | URLResolver]) -> Iterator[URLPattern | URLResolver]:
    """The library's addresses, with each change in a transaction of its own: the library writes its row outside of one, or tells of it after the commit."""
    for one in patterns:
        if isinstance(one, URLResolver):
            inner = list(in_one_transaction(one.url_patterns))
            yield URLResolver(one.pattern, inner, one.default_kwargs, one.app_name, one.namespace)
        elif one.name in _CHANGING:
            yield URLPattern(one.pattern, transaction.atomic(one.callback), one.default_args, one.name)
        else:
            yield one


def listen() -> None:
    """To be called once, when Django is ready."""
    pre_save.connect(_before, sender=Authenticator, dispatch_uid="factors-saved")
    pre_delete.connect(_before, sender=Authenticator, dispatch_uid="factors-deleted")
    post_save.connect(_saved, sender=Authenticator, dispatch_uid="factors-saved")
    post_delete.connect(_deleted, sender=Authenticator, dispatch_uid="factors-deleted")


def _before(instance: Authenticator, *, signal: Signal, **_: Any) -> None:
    """Outside a transaction the row would stay when its entry cannot be written. That one was used is no change of it."""
    is_change = instance._state.adding or signal is pre_delete
    if is_change and not connection.in_atomic_block:
        raise RuntimeError("A second factor is changed in one transaction with its entry in the audit.")


def _saved(instance: Authenticator, *, created: bool, **_: Any) -> None:
    if created:
        _tell("person.second_factor_added", instance)


def _deleted(instance: Authenticator, **_: Any) -> None:
    _tell("person.second_factor_removed", instance)


def _tell(action: str, factor: Authenticator) -> None:
    slug = factor.user.slug
    work = Work(clock.now(), Actor("person", slug))
    work.audit(action, f"person:{slug}", {"type": str(factor.type)})
    work.flush()
