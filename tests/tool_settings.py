"""Django's settings for tools that read code and never a database: mypy and `makemigrations --check`."""

from __future__ import annotations

import os

os.environ.update(
    ROOMDESK_DATABASE_URL="postgresql://nobody@127.0.0.1/nothing",
    ROOMDESK_SECRET_KEY="only-for-tools-that-read-code",
    ROOMDESK_MATRIX_URL="http://127.0.0.1:1",
    ROOMDESK_MATRIX_SERVER_NAME="tools.localhost",
    ROOMDESK_AS_TOKEN="only-for-tools-that-read-code",
    ROOMDESK_HS_TOKEN="only-for-tools-that-read-code",
)

from roomdesk.django_settings import *

DATABASES = {}
