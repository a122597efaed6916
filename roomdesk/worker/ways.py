"""All ways out, by the name in `OutboxRow.channel`: those of the channels, and webhooks and mail, whose words come from the apps."""

from __future__ import annotations

from collections.abc import Mapping

from roomdesk.cases import webhook_words
from roomdesk.channels import ways
from roomdesk.channels.email import retry as email_retry
from roomdesk.channels.email import send as email
from roomdesk.channels.ways import Way
from roomdesk.channels.webhook.retry import retry_delay
from roomdesk.consent import mailing
from roomdesk.queues.models import OutboxRow
from roomdesk.queues.outbox import Sent
from roomdesk.webhooks import emitting, sending


def send_webhook(row: OutboxRow) -> Sent:
    return sending.send(row, webhook_words.shown)


WAYS: Mapping[str, Way] = {
    **ways.WAYS,
    emitting.CHANNEL: Way(send_webhook, retry_delay),
    email.CHANNEL: Way(mailing.send, email_retry.retry_delay),
}
