"""All ways out, by the name in `OutboxRow.channel`: those of the channels, and webhooks, pages and mail, whose words come from the apps."""

from __future__ import annotations

from collections.abc import Mapping

from roomdesk.cases import paging_words, webhook_words
from roomdesk.channels import ways
from roomdesk.channels.apprise.notify import retry_delay as notify_again
from roomdesk.channels.email import retry as email_retry
from roomdesk.channels.email import send as email
from roomdesk.channels.matrix import retry as matrix_retry
from roomdesk.channels.pagerduty.event import Trigger
from roomdesk.channels.pagerduty.retry import retry_delay as page_again
from roomdesk.channels.ways import Way
from roomdesk.channels.webhook.retry import retry_delay
from roomdesk.consent import mailing, on_a_page
from roomdesk.oncall import calling, importing
from roomdesk.oncall.models import Page
from roomdesk.oncall.paging import APPRISE, CHANNELS, MATRIX, PAGERDUTY
from roomdesk.queues.models import OutboxRow
from roomdesk.queues.outbox import Sent
from roomdesk.rooms import direct
from roomdesk.webhooks import emitting, sending


def send_webhook(row: OutboxRow) -> Sent:
    return sending.send(row, webhook_words.shown)


def call_engineer(row: OutboxRow) -> Sent:
    if row.kind == importing.ONCALLS:
        return importing.send(row)
    return calling.send(row, page_words, direct.say)


def page_words(page: Page) -> Trigger:
    return on_a_page.with_consents(page, paging_words.shown(page))


WAYS: Mapping[str, Way] = {
    **ways.WAYS,
    emitting.CHANNEL: Way(send_webhook, retry_delay),
    PAGERDUTY: Way(call_engineer, page_again),
    APPRISE: Way(call_engineer, notify_again),
    CHANNELS[MATRIX]: Way(call_engineer, matrix_retry.retry_delay),
    email.CHANNEL: Way(mailing.send, email_retry.retry_delay),
}
