"""A desk with an outside provider for staff and one for the customers of a product, and browsers that go there and back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from django.test import Client

from roomdesk import bootstrap
from roomdesk.web.identity.outside import calls, configured
from roomdesk.web.identity.provider import issuer
from tests.fakes.oidc import CLIENT, SECRET, Provider, provider

SETTINGS = """
[vendor]
name = "Vendor"
issuer = "{vendor}"
client_id = "{client}"
client_secret = "{secret}"
for = "staff"
roles_claim = "groups"
[vendor.roles]
support = "engineer@cloud"
leads = ["lead", "engineer@cloud"]
dba = "specialist:database@cloud"

[cloud]
name = "Cloud"
issuer = "{cloud}"
client_id = "{client}"
client_secret = "{secret}"
for = "customers"
products = ["cloud"]
"""


@dataclass
class Outside:
    vendor: Provider
    cloud: Provider


@pytest.fixture
def outside(desk: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Outside]:
    with provider(back("vendor")) as vendor, provider(back("cloud")) as cloud:
        text = SETTINGS.format(vendor=vendor.issuer, cloud=cloud.issuer, client=CLIENT, secret=SECRET)
        use(monkeypatch, text)
        yield Outside(vendor, cloud)
        assert not [one for one in (*vendor.refused, *cloud.refused) if one.startswith("wrong")]


def use(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """The setting says this from now on."""
    monkeypatch.setattr(configured, "settings", replace(bootstrap.settings, sign_in_providers=text))
    calls.forget()


def back(slug: str) -> str:
    return f"{issuer()}/accounts/outside/{slug}/back"


def there(client: Client, slug: str, path: str = "", **query: str) -> str:
    """Where the browser is led to."""
    answer = client.get(f"/accounts/outside/{slug}/{path}", query)
    assert answer.status_code == 302, answer.content.decode()
    return str(answer["Location"])


def at_the_provider(address: str) -> str:
    """What the provider does with the browser: where it sends it back to."""
    answer = httpx.get(address, trust_env=False)
    assert answer.status_code == 302, answer.text
    return answer.headers["Location"]


def come_back(client: Client, address: str) -> Any:
    parts = urlsplit(address)
    return client.get(f"{parts.path}?{parts.query}")


def sign_in(client: Client, slug: str, path: str = "", **query: str) -> Any:
    """There and back; what the desk answers in the end."""
    return come_back(client, at_the_provider(there(client, slug, path, **query)))


def browser() -> Client:
    return Client(SERVER_NAME="127.0.0.1")


def is_in(client: Client) -> bool:
    return "_auth_user_id" in client.session
