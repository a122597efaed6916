"""The setting that names outside identity providers: what it takes, what it refuses, and what it never says."""

from __future__ import annotations

from pathlib import Path

import pytest

from roomdesk.directory.models import StaffRole
from roomdesk.rules.sign_in import ROLES, Role
from roomdesk.runtime.settings import SettingsError, load, secret_values
from roomdesk.runtime.sign_in_providers import read

VENDOR = """
[vendor]
name = "Vendor"
issuer = "https://id.example.org"
client_id = "desk"
client_secret = "hush-hush-hush"
for = "staff"
roles_claim = "groups"
[vendor.roles]
support = "engineer"
leads = ["lead", "engineer@shop"]
dba = "specialist:database@shop"
"""
SHOP = """
[shop]
name = "Shop"
issuer = "https://login.shop.example"
client_id = "support"
for = "customers"
products = ["shop"]
"""


def test_providers_as_they_are_written() -> None:
    shop, vendor = read(VENDOR + SHOP)
    assert (vendor.slug, vendor.is_staff, vendor.id_claim, vendor.ignores_others) == ("vendor", True, "", False)
    assert vendor.roles["leads"] == {Role("lead"), Role("engineer", "shop")}
    assert vendor.roles["dba"] == {Role("specialist", "shop", "database")}
    assert (shop.is_staff, shop.products, shop.id_claim, shop.client_secret) == (False, {"shop"}, "sub", "")
    assert shop.scopes == ("openid", "profile", "email")


def test_the_roles_are_those_of_the_directory() -> None:
    assert list(ROLES) == StaffRole.Role.values


def test_it_comes_from_a_file_and_only_the_secret_is_kept_out_of_logs(tmp_path: Path) -> None:
    file = tmp_path / "providers.toml"
    file.write_text(VENDOR + SHOP)
    settings = load({"ROOMDESK_SIGN_IN_PROVIDERS_FILE": str(file)})
    assert settings.sign_in_providers == (VENDOR + SHOP).strip()
    assert secret_values(settings) == {"hush-hush-hush"}
    assert "hush" not in repr(settings) and "hush" not in repr(read(VENDOR))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[vendor", "is not TOML (at end of document)"),
        ("vendor = 1", 'has "vendor", which is no table of a provider'),
        ("[Vendor]\nname = 'x'", 'has "Vendor", which is no table of a provider'),
        (VENDOR + SHOP.replace("login.shop.example", "id.example.org"), "names one issuer twice"),
        (VENDOR.replace("issuer =", "isuer ="), 'says "isuer" of vendor, which means nothing'),
        (SHOP.replace('client_id = "support"', ""), "says no client_id of shop"),
        (SHOP.replace('"support"', "7"), "has no text as client_id of shop"),
        (SHOP.replace("https://login", "http://login"), "does not begin with https://"),
        (SHOP.replace("login.shop.example", "login.shop.example/?a=b"), "is no address without query"),
        (SHOP.replace('"customers"', '"everybody"'), 'it is for "staff" or for "customers"'),
        (SHOP.replace('["shop"]', '"shop"'), "has no list of words as products of shop"),
        (SHOP.replace('["shop"]', "[]"), "customers belong to products"),
        (SHOP + 'roles_claim = "groups"', "customers belong to products"),
        (VENDOR.replace('roles_claim = "groups"', ""), "staff have roles"),
        (VENDOR.replace('roles_claim = "groups"', 'roles_claim = "groups"\nproducts = ["shop"]'), "staff have roles"),
        (VENDOR.replace('"engineer"', '"enginer"'), 'gives "support" of vendor what is no role'),
        (VENDOR.replace("specialist:database@shop", "specialist"), 'gives "dba" of vendor what is no role'),
        (VENDOR.replace('"engineer"', '"engineer:database"'), "what is no role"),
        (VENDOR.replace('"groups"', '"groups"\nother_values = "maybe"'), 'write "refuse" or "ignore"'),
    ],
)
def test_what_is_wrong_stops_the_start_with_a_sentence_without_secrets(text: str, words: str) -> None:
    with pytest.raises(SettingsError) as refused:
        load({"ROOMDESK_SIGN_IN_PROVIDERS": text})
    said = str(refused.value)
    assert words in said and said.startswith("ROOMDESK_SIGN_IN_PROVIDERS ") and said.endswith(".")
    assert "hush" not in said


def test_this_machine_needs_no_tls() -> None:
    assert (
        read(SHOP.replace("https://login.shop.example", "http://127.0.0.1:9999"))[0].issuer == "http://127.0.0.1:9999"
    )
