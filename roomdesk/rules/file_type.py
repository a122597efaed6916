"""What a file is by its own first bytes, whatever its sender said; pure."""

from __future__ import annotations

#: How many of a file's first bytes are looked at.
LOOKED_AT = 16
UNKNOWN = "application/octet-stream"

#: Types that a browser shows without running anything in them. Everything else is only ever downloaded.
PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})

_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"%PDF-", "application/pdf"),
    (b"PK\x03\x04", "application/zip"),
    (b"\x1f\x8b", "application/gzip"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
)


def file_type(head: bytes) -> str:
    """The media type that these first bytes prove, or `UNKNOWN`. Text is unknown too: HTML and scripts are text."""
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    return next((name for signature, name in _SIGNATURES if head.startswith(signature)), UNKNOWN)
