"""One message by Apprise, which knows SMS, phone calls, push and mail of a hundred services by their addresses.

At least once (D31): most of these services know no key by which a repeat is recognised.
"""

from __future__ import annotations

import logging
import threading
import warnings
from datetime import timedelta
from functools import cache

import apprise

_loading = threading.Lock()
#: A service that fails so often is given up: others are called meanwhile.
ATTEMPTS = 6
#: First wait and longest, in seconds.
_FIRST, _LONGEST = 5, 60


class NotifyError(Exception):
    """The service did not take it, or its address is none (`permanent`)."""

    def __init__(self, sentence: str, *, permanent: bool = False) -> None:
        super().__init__(sentence)
        self.permanent = permanent


@cache
def _asset() -> apprise.AppriseAsset:
    # It reads its services when the first address is read; some of them use what Python is about to drop.
    with _loading, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logging.getLogger("apprise").setLevel(logging.CRITICAL)
        asset = apprise.AppriseAsset(app_id="Roomdesk", app_desc="Roomdesk", async_mode=False)
        apprise.Apprise.instantiate("json://localhost", asset=asset)
    return asset


def is_address(url: str) -> bool:
    """Whether Apprise knows how to reach this address. Nothing is sent."""
    return apprise.Apprise.instantiate(url, asset=_asset(), suppress_exceptions=True) is not None


def notify(url: str, title: str, body: str) -> None:
    """Sends it. Raises `NotifyError`; the address, which holds the service's secrets, is in no text of it."""
    service = apprise.Apprise.instantiate(url, asset=_asset(), suppress_exceptions=True)
    if service is None:
        raise NotifyError("Apprise knows no such service; the address is wrong.", permanent=True)
    if not service.notify(body=body, title=title, notify_type=apprise.NotifyType.FAILURE):
        raise NotifyError(f"{service.service_name} did not take it.")


def retry_delay(error: Exception, attempt: int, key: str) -> timedelta | None:
    """How long to wait after the failed `attempt` (from 1), or None where it is given up."""
    if attempt >= ATTEMPTS or (isinstance(error, NotifyError) and error.permanent):
        return None
    return timedelta(seconds=min(_LONGEST, _FIRST * 2 ** (attempt - 1)))
