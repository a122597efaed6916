"""Settings: what is refused, with which words, and what stays hidden."""

from __future__ import annotations

from pathlib import Path

import pytest

from roomdesk.runtime.settings import SettingsError, environment, load, secret_values
from roomdesk.runtime.settings_table import SETTINGS, markdown

OUTSIDE = {
    "ROOMDESK_DATABASE_URL": "postgresql://app:a-secret-word@db.example.org/roomdesk",
    "ROOMDESK_SECRET_KEY": "k" * 20,
    "ROOMDESK_MATRIX_URL": "https://matrix.example.org",
    "ROOMDESK_MATRIX_SERVER_NAME": "example.org",
    "ROOMDESK_AS_TOKEN": "a" * 20,
    "ROOMDESK_HS_TOKEN": "h" * 20,
}


def test_defaults_are_a_demo_on_loopback() -> None:
    settings = load({})
    assert (settings.mode, settings.host, settings.port, settings.matrix_server_name) == (
        "demo",
        "127.0.0.1",
        None,
        "roomdesk.localhost",
    )
    assert settings.embedded_database and settings.embedded_matrix
    assert settings.data == Path.cwd() / ".roomdesk"


@pytest.mark.parametrize("service", ["ROOMDESK_DATABASE_URL", "ROOMDESK_MATRIX_URL"])
def test_an_outside_service_makes_it_production(service: str) -> None:
    other = {"ROOMDESK_DATABASE_URL": "ROOMDESK_MATRIX_URL", "ROOMDESK_MATRIX_URL": "ROOMDESK_DATABASE_URL"}[service]
    assert load({name: value for name, value in OUTSIDE.items() if name != other}).mode == "production"
    assert load(OUTSIDE | {"ROOMDESK_MODE": "test"}).mode == "test"


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("PORT", "0", 'ROOMDESK_PORT is "0", which is not a whole number from 1 to 65535'),
        ("PORT", "65536", "65535"),
        ("PORT", "80 80", "whole number"),
        ("PORT", "٣", "whole number"),
        ("MODE", "live", "demo or test or production"),
        ("LOG_FORMAT", "xml", "text or json"),
        ("PUBLIC_URL", "example.org", "does not begin with http:// or https://"),
        ("PUBLIC_URL", "https://", "names no host"),
        ("PUBLIC_URL", "https://a:b:c", "its host or port cannot be read"),
        ("MATRIX_SERVER_NAME", "Example.org", "no Matrix server name"),
        ("HOST", "a b", "no host name or address"),
        ("SECRET_KEY", "short", "shorter than 16 characters"),
        ("OIDC_PRIVATE_KEY", "nonsense", "no private key in PEM form"),
        ("WORKER_PROCESSES", "many", "whole number from 0 to 64"),
        ("SMTP_URL", "http://mail", "smtp:// or smtps://"),
    ],
)
def test_a_wrong_value_is_refused_with_a_sentence(name: str, value: str, words: str) -> None:
    with pytest.raises(SettingsError) as refused:
        load({f"ROOMDESK_{name}": value})
    assert words in str(refused.value)
    assert str(refused.value).startswith(f"ROOMDESK_{name} ") and str(refused.value).endswith(".")


def test_every_wrong_value_has_its_own_sentence_and_no_secret_is_quoted() -> None:
    with pytest.raises(SettingsError) as refused:
        load(
            {
                "ROOMDESK_PORT": "x",
                "ROOMDESK_DATABASE_URL": "mysql://u:hushhush@db/x",
                "ROOMDESK_AS_TOKEN": "with space",
            }
        )
    assert [problem.split()[0] for problem in refused.value.problems] == [
        "ROOMDESK_PORT",
        "ROOMDESK_DATABASE_URL",
        "ROOMDESK_AS_TOKEN",
    ]
    assert "hushhush" not in str(refused.value) and "with space" not in str(refused.value)


@pytest.mark.parametrize(
    "missing", ["ROOMDESK_SECRET_KEY", "ROOMDESK_AS_TOKEN", "ROOMDESK_HS_TOKEN", "ROOMDESK_MATRIX_SERVER_NAME"]
)
def test_outside_services_need_their_secrets(missing: str) -> None:
    with pytest.raises(SettingsError, match=f"{missing} is not set, but ROOMDESK_.*_URL names an outside service"):
        load({name: value for name, value in OUTSIDE.items() if name != missing})


def test_a_value_may_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "port").write_text(" 8111\n")
    assert load({"ROOMDESK_PORT_FILE": str(tmp_path / "port")}).port == 8111


def test_a_file_that_cannot_be_read_or_is_empty_or_double_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    for path, words in (("missing", "No such file"), ("empty", "is empty"), ("bytes", "not UTF-8")):
        with pytest.raises(SettingsError, match=f"ROOMDESK_AS_TOKEN_FILE names .*{words}"):
            load({"ROOMDESK_AS_TOKEN_FILE": str(tmp_path / path)})
    with pytest.raises(SettingsError, match="ROOMDESK_PORT and ROOMDESK_PORT_FILE are both set"):
        load({"ROOMDESK_PORT": "1", "ROOMDESK_PORT_FILE": str(tmp_path / "empty")})


def test_secrets_are_not_shown() -> None:
    settings = load(OUTSIDE)
    assert "a-secret-word" not in repr(settings) and "aaaa" not in repr(settings) and "kkkk" not in repr(settings)
    assert {"a-secret-word", "a" * 20, "k" * 20} <= secret_values(settings)


def test_a_child_loads_equal_settings() -> None:
    for environ in ({}, OUTSIDE, {"ROOMDESK_PORT": "8111", "ROOMDESK_CHAT_URL": "https://chat.example.org/"}):
        assert load(environment(load(environ))) == load(environ)


def test_the_settings_page_is_made_from_the_table() -> None:
    assert (Path(__file__).parents[2] / "docs" / "settings.md").read_text() == markdown()
    assert all(f"`{spec.variable}`" in markdown() for spec in SETTINGS)
