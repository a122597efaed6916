"""All ways out, by the name in `OutboxRow.channel`: those of the channels, and webhooks, whose words come from the cases."""

from __future__ import annotations

from collections.abc import Mapping

from roomdesk.cases import webhook_words
from roomdesk.channels import ways
from roomdesk.channels.ways import Way
from roomdesk.channels.webhook.retry import retry_delay
from roomdesk.queues.models import OutboxRow
from roomdesk.queues.outbox import Sent
from roomdesk.webhooks import emitting, sending


def send_webhook(row: OutboxRow) -> Sent:
    return sending.send(row, webhook_words.shown)


WAYS: Mapping[str, Way] = {**ways.WAYS, emitting.CHANNEL: Way(send_webhook, retry_delay)}
