"""Words of the desk for templates, in the reader's language."""

from __future__ import annotations

import re

from django import template
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext

from roomdesk.web.console import present
from roomdesk.web.console.rota_form import Control

register = template.Library()
_CODE = re.compile(r"`([^`]+)`")


@register.filter
def role_words(role: str) -> str:
    """What a member of a workspace is called."""
    return present.role_words(str(role))


@register.filter
def plain(slug: str) -> str:
    """`feature_request` as `Feature request`."""
    return present.plain(str(slug))


@register.filter
def consent_state(state: str) -> str:
    """How a consent stands, as staff read it."""
    return gettext(str(state))


@register.filter
def channel_words(channel: str) -> str:
    """By which way something was said."""
    return str(present.CHANNELS.get(str(channel), str(channel)))


@register.filter
def coded(words: str) -> SafeString:
    """Words with what stands between `backticks` as code, escaped where they are not yet."""
    return SafeString(_CODE.sub(r"<code>\1</code>", conditional_escape(words)))


@register.filter
def wrong(control: Control) -> SafeString:
    """The attributes of a field that was refused: it has the keyboard, and the refusal (`#problem`) describes it."""
    return mark_safe(' aria-invalid="true" aria-describedby="problem" autofocus') if control.is_wrong else SafeString()


@register.filter
def result_words(result: str) -> str:
    """How what was agreed to ended."""
    return gettext(str(result))
