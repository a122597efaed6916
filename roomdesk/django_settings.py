"""Django's settings, derived from ours: nothing here is read from the environment."""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import unquote, urlsplit

from roomdesk.bootstrap import AS_OWNER
from roomdesk.bootstrap import settings as ours

assert ours.public_url, "resolve() always gives the public address."

MODE = ours.mode
SECRET_KEY = ours.secret_key
DEBUG = False
ALLOWED_HOSTS = sorted({urlsplit(ours.public_url).hostname or "127.0.0.1", "127.0.0.1", "localhost", "[::1]"})
CSRF_TRUSTED_ORIGINS = [ours.public_url.rstrip("/")]
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("bg", "Български"), ("pt-br", "Português")]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
ROOT_URLCONF = "roomdesk.web.urls"
ASGI_APPLICATION = "roomdesk.web.asgi.application"
AUTH_USER_MODEL = "directory.Person"


def database(url: str) -> dict[str, Any]:
    """Django's connection for a `postgresql://user:password@host:port/name` address."""
    parts = urlsplit(url)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.lstrip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or 5432),
        "OPTIONS": {"pool": {"min_size": 0, "max_size": 56, "timeout": 5, "reconnect_timeout": 2}},
        "CONN_HEALTH_CHECKS": True,
        "CONN_MAX_AGE": 0,
    }


_URL = ours.database_owner_url if os.environ.get(AS_OWNER) else ours.database_url
DATABASES = {"default": database(_URL)} if _URL else {}

INSTALLED_APPS = [
    "roomdesk.web",  # First: its templates go before those of the parts.
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "allauth",
    "django.contrib.humanize",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.idp.oidc",
    "roomdesk.queues",
    "roomdesk.product",
    "roomdesk.directory",
    "roomdesk.record",
    "roomdesk.webhooks",
    "roomdesk.oncall",
    "roomdesk.rooms",
    "roomdesk.clocks",
    "roomdesk.cases",
    "roomdesk.consent",
    "roomdesk.control",
    "roomdesk.audit",
]
MIDDLEWARE = [
    "roomdesk.web.security.headers",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "roomdesk.web.languages.of_the_person",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "roomdesk.web.identity.second_factor.required",
    "roomdesk.web.identity.again.before_new_factors",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
STATIC_URL = "/static/"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True

LOGIN_URL = "/accounts/login/"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_USER_MODEL_USERNAME_FIELD = "slug"
ACCOUNT_LOGIN_METHODS = {"email", "username"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_ADAPTER = "roomdesk.web.identity.accounts.AccountAdapter"
MFA_ADAPTER = "roomdesk.web.identity.second_factor.SecretsAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Roomdesk"
# The clock of somebody's telephone may be one step off (RFC 6238, 5.2).
MFA_TOTP_TOLERANCE = 1
# People have their addresses from the product, not from a mail that they answered.
MFA_ALLOW_UNVERIFIED_EMAIL = True
IDP_OIDC_ADAPTER = "roomdesk.web.identity.provider.ProviderAdapter"
IDP_OIDC_PRIVATE_KEY = ours.oidc_private_key

_TLS = ours.public_url.startswith("https://")
# Without TLS browsers give keys to `localhost` only.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not _TLS
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _TLS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _TLS else None
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
DATA_UPLOAD_MAX_MEMORY_SIZE = 64 * 1024 * 1024
PASSWORD_HASHERS = ["django.contrib.auth.hashers.ScryptPasswordHasher"]
LOGGING_CONFIG = None
