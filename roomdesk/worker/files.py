"""Fetching what people attach: in the background, gone on with after a crash, never faster than the disk, never larger than allowed."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path

from roomdesk.bootstrap import settings
from roomdesk.channels import clamav
from roomdesk.channels.matrix import media
from roomdesk.channels.matrix.client import Matrix
from roomdesk.channels.matrix.errors import MatrixError, NotFound
from roomdesk.record import files, store
from roomdesk.record.models import File
from roomdesk.runtime import clock

_LOG = logging.getLogger("roomdesk.worker")

#: Seconds between two looks for files that are due.
EVERY = 2.0
#: Seconds after which the lease of what is being fetched is renewed.
HOLD_EVERY = files.LEASE.total_seconds() / 4
#: A store that needs more seconds than this for one file is left and asked again for the rest: others wait.
_LONGEST = 720.0


class TooLarge(Exception):
    """The file is larger than what is kept."""


class FileKeeper:
    """`step` is a loop's step: one file, from the homeserver's store to its place. Any number of workers may do this."""

    def __init__(self, matrix: Callable[[], Matrix]) -> None:
        self._matrix = matrix

    def step(self) -> float:
        file = files.claim(clock.now())
        if file is None:
            return EVERY
        try:
            self._keep(file)
        except TooLarge:
            files.do_refuse(file, f"It is larger than {settings.file_megabytes} MB.", clock.now())
        except NotFound:
            self._missing(file)
        except (MatrixError, clamav.ScannerAway, OSError) as error:
            if getattr(error, "status", 0) == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                # What is there is not the beginning of what the store has.
                store.partial(file.pk).unlink()
            files.later(file, str(error), clock.now())
        return 0.0

    def _keep(self, file: File) -> None:
        place = store.partial(file.pk)
        if file.url:
            self._fetch(file, place)
        elif not place.exists():
            self._given(file)
            return
        files.hold(file, clock.now())
        found = clamav.infection(settings.clamav_url, place) if settings.clamav_url else None
        if found:
            place.unlink()
            files.do_refuse(file, f"The virus scanner found {found} in it.", clock.now())
            return
        sha256, size, kind = store.measured(place)
        store.keep(place, sha256)
        files.do_keep(file, sha256, size, kind, clock.now())

    @staticmethod
    def _given(file: File) -> None:
        """Given through a page, and not where it was laid down: a worker that died since has kept it, or it is gone."""
        kept = store.place_of(file.sha256)
        if kept.exists():
            files.do_keep(file, *store.measured(kept), clock.now())
        else:
            files.do_lose(file, "It was given through a page and is not on the disk any more.", clock.now())

    def _fetch(self, file: File, place: Path) -> None:
        begin = place.stat().st_size if place.exists() else 0
        until = time.monotonic() + _LONGEST
        hold_at = time.monotonic() + HOLD_EVERY
        with media.download(self._matrix(), file.url, begin) as answer:
            done = begin if answer.status_code == HTTPStatus.PARTIAL_CONTENT else 0
            with place.open("ab" if done else "wb") as kept:
                for block in answer.iter_bytes():
                    done += len(block)
                    if done > settings.file_megabytes * 1_000_000:
                        place.unlink()
                        raise TooLarge
                    kept.write(block)
                    if time.monotonic() >= hold_at:
                        files.hold(file, clock.now())
                        hold_at = time.monotonic() + HOLD_EVERY
                    if time.monotonic() > until:
                        raise TimeoutError("The homeserver sends it too slowly.")

    def _missing(self, file: File) -> None:
        """Asked several times: it may still be on its way between the homeserver's own processes."""
        if file.attempts < files.NOT_THERE:
            files.later(file, "The homeserver does not have it.", clock.now())
            return
        files.do_lose(file, "The homeserver does not have it any more.", clock.now())
        _LOG.warning("File %d of the record is lost: the homeserver does not have it.", file.pk)
