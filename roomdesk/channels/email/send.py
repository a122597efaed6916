"""One mail over SMTP. Its Message-ID is made from the row's key and stays over retries: at least once, and a second one is known by it (D31)."""

from __future__ import annotations

import json
import smtplib
import ssl
from contextlib import suppress
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from urllib.parse import unquote, urlsplit

from roomdesk.bootstrap import settings
from roomdesk.channels.email.errors import Away, MailError, Refused
from roomdesk.queues.models import OutboxRow
from roomdesk.queues.outbox import Sent
from roomdesk.runtime import clock

CHANNEL, KIND = "email", "mail"
#: Seconds for each step of the conversation.
_PATIENCE = 30.0
_PORTS = {"smtp": 25, "smtps": 465}
_LOCAL = ("127.0.0.1", "localhost", "::1")


def is_on() -> bool:
    """Whether this installation sends mail."""
    return settings.smtp_url is not None


def destination(address: str) -> str:
    """One at a time to a mailbox."""
    return f"email:{address}"[:255]


def send(row: OutboxRow, text: str | None = None) -> Sent:
    """Sends the row's payload (`to`, `name`, `subject`, `text`), with another text where one is given. Raises `MailError`."""
    said = json.loads(row.payload)
    message = composed(row, said, text or said["text"])
    try:
        with _server() as server:
            server.send_message(message)
    except smtplib.SMTPRecipientsRefused as error:
        code, words = next(iter(error.recipients.values()))
        raise _answered(code, words) from error
    except smtplib.SMTPResponseException as error:
        raise _answered(error.smtp_code, error.smtp_error) from error
    except (smtplib.SMTPException, OSError) as error:
        raise Away(f"The mail server does not answer ({error}).") from error
    return Sent(message["Message-ID"])


def composed(row: OutboxRow, said: dict[str, str], text: str) -> EmailMessage:
    """The mail of a row: a notice that answers to nobody's robot (RFC 3834)."""
    message = EmailMessage()
    message["From"] = sender()
    message["To"] = Address(display_name=said.get("name", ""), addr_spec=said["to"])
    message["Subject"] = " ".join(said["subject"].split())
    message["Date"] = format_datetime(clock.to_outside(row.created_at))
    message["Message-ID"] = f"<{row.key}@{sender().rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message.set_content(text)
    return message


def sender() -> str:
    """Our own address."""
    host = urlsplit(settings.public_url or "").hostname or "localhost"
    return settings.mail_from or f"roomdesk@{host}"


def _server() -> smtplib.SMTP:
    assert settings.smtp_url is not None, "rows of this channel are made where there is a server only"
    url = urlsplit(settings.smtp_url)
    host, port = url.hostname or "localhost", url.port or _PORTS[url.scheme]
    if url.scheme == "smtps":
        server: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=_PATIENCE, context=ssl.create_default_context())
    else:
        server = smtplib.SMTP(host, port, timeout=_PATIENCE)
    try:
        _introduce(server, host, url.scheme)
        if url.username:
            server.login(unquote(url.username), unquote(url.password or ""))
    except BaseException:
        with suppress(smtplib.SMTPException, OSError):
            server.close()
        raise
    return server


def _introduce(server: smtplib.SMTP, host: str, scheme: str) -> None:
    """In private wherever the server can; past this machine never otherwise."""
    server.ehlo()
    if scheme == "smtps":
        return
    if server.has_extn("starttls"):
        server.starttls(context=ssl.create_default_context())
        server.ehlo()
    elif host not in _LOCAL:
        raise Away("The mail server offers no encryption (STARTTLS); nothing is sent in the open.")


def _answered(code: int, words: bytes | str) -> MailError:
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    said = f"The mail server answered {code}: {text[:300]}"
    return Refused(said) if code >= 500 else Away(said)
