"""What moves: web, workers, inbox, outbox, rooms, products."""

from __future__ import annotations

from datetime import timedelta

from roomdesk import bootstrap
from roomdesk.cases import verifying
from roomdesk.doctor.findings import Finding, ok, problem, warning
from roomdesk.product.canonical import content_hash
from roomdesk.product.folders import products_folder
from roomdesk.product.loading import check_folder
from roomdesk.product.problems import ProductError
from roomdesk.product.services import current_all
from roomdesk.queues import health, workers
from roomdesk.record import finding
from roomdesk.rooms import queries as rooms
from roomdesk.rooms.homes import home_of
from roomdesk.runtime import clock, http
from roomdesk.runtime.instance import web_address

#: Older work than this is a delay, and than that a stop.
SLOW, STUCK = timedelta(minutes=1), timedelta(minutes=10)


def web() -> Finding:
    address = f"{web_address(bootstrap.settings)}/healthz"
    if http.answers(address, timeout=5.0):
        return ok("web", f"The web process answers at {address}.")
    return problem(
        "web",
        f"Nobody answers at {address}.",
        f"Start it with `roomdesk up` or `roomdesk web`; its log is {_log('web')}.",
    )


def worker() -> Finding:
    living, wanted = len(workers.living()), bootstrap.settings.worker_processes
    if living == 0:
        return problem(
            "worker",
            "No worker runs: nothing is worked off, sent or timed.",
            f"Start it with `roomdesk up` or `roomdesk worker`; its log is {_log('worker')}.",
        )
    if living < wanted:
        return warning(
            "worker",
            f"{living} of {wanted} workers run.",
            f"The logs beside {_log('worker')} say why the others do not.",
        )
    return ok("worker", f"{living} worker(s) run.")


def _log(name: str) -> str:
    return str(bootstrap.settings.data / "log" / f"{name}.log")


def inbox() -> Finding:
    waiting = health.pending_inbox(clock.now())
    if waiting.count and waiting.age > SLOW:
        kind = problem if waiting.age > STUCK else warning
        return kind(
            "inbox",
            f"{waiting.count} events wait, the oldest for {_words(waiting.age)}.",
            f"See that workers run; {_log('worker')} says what they do.",
        )
    return ok("inbox", f"{waiting.count} events wait.")


def set_aside() -> Finding:
    count, first = health.set_aside()
    if count:
        says = f"{count} events always failed and were set aside, the first is {first}."
        return warning(
            "set aside",
            says,
            f"`roomdesk inbox show {first}`, then `roomdesk inbox replay {first}` or `roomdesk inbox ignore {first} --reason …`.",
        )
    return ok("set aside", "No event is set aside.")


def unrouted() -> Finding:
    waiting = health.unrouted(clock.now())
    if waiting.count and waiting.age > SLOW:
        return warning(
            "unrouted",
            f"{waiting.count} events come from rooms that belong to no workspace, the oldest for {_words(waiting.age)}.",
            "They are put away by themselves; `roomdesk inbox list --pending` shows them.",
        )
    return ok("unrouted", "Every event has its workspace.")


def unread_rooms() -> Finding:
    """After a break rooms are read back within seconds, or minutes where there are thousands."""
    waiting = health.unread(clock.now())
    if waiting.count and waiting.age > SLOW:
        kind = problem if waiting.age > STUCK else warning
        return kind(
            "unread rooms",
            f"{waiting.count} rooms are still to be read back after a break of the homeserver {_words(waiting.age)} ago; "
            "something said there may be missing.",
            f"See that a worker runs and the homeserver answers; {_log('worker')} says what it does.",
        )
    return ok("unread rooms", "Every room has been read since the homeserver last broke.")


def search() -> Finding:
    """What was said is filed for search within seconds, or minutes after an upgrade (docs/decisions/0016)."""
    waiting = finding.lag(clock.now())
    if waiting.count and waiting.age > SLOW:
        return warning(
            "search",
            f"{waiting.count} messages cannot be found yet; the oldest was recorded {_words(waiting.age)} ago.",
            f"After an upgrade this passes by itself. Otherwise see that a worker runs; {_log('worker')} says what it does.",
        )
    return ok("search", f"{waiting.count} messages wait to be filed.")


def record() -> Finding:
    """What the last comparison of the whole record with the rooms found (docs/record.md)."""
    last = verifying.last_verified()
    if last is None:
        return ok("record", "It was not compared with the rooms yet; `roomdesk record verify` does that.")
    at, found = last
    open_ones = [f"{found[name]} {name.replace('_', ' ')}" for name in (*verifying.GAPS, "unreadable") if found[name]]
    if open_ones:
        says = f"When it was last compared with the rooms, {at:%Y-%m-%d %H:%M} UTC, there were {', '.join(open_ones)}."
        return warning("record", says, "`roomdesk record verify --fill` fills what can be filled, and names the rest.")
    return ok("record", f"When it was last compared with the rooms, {at:%Y-%m-%d %H:%M} UTC, it was complete.")


def outbox() -> Finding:
    found = health.outbox(clock.now())
    if found.failed:
        says = f"{found.failed} calls were given up, the newest ({found.failed_kind}) because: {found.failed_error}"
        return warning("outbox", says, "Mend the cause; `roomdesk rooms reconcile` asks again for what rooms need.")
    if found.retrying:
        kind = problem if found.age > STUCK else warning
        return kind(
            "outbox",
            f"{found.retrying} calls are tried again, the oldest waits for {_words(found.age)}; the last error: {found.retry_error}",
            "Mend the cause; they go out by themselves.",
        )
    return ok("outbox", f"{found.waiting} calls wait to be sent.")


def failed_rooms() -> Finding:
    failed = rooms.failed()
    if failed:
        first = failed[0]
        return problem(
            "rooms",
            f"{len(failed)} rooms could not be made; that of {home_of(first).slug}: {first.problem}",
            "Mend the cause, then `roomdesk rooms reconcile`.",
        )
    return ok("rooms", "No room has failed.")


def products() -> Finding:
    """What is loaded must be what is in the files."""
    loaded = {version.slug: version.content_hash for version in current_all()}
    if not loaded:
        return problem("products", "No product is loaded.", "Run `roomdesk product load FOLDER`.")
    folder = products_folder(bootstrap.settings)
    if folder is None:
        return ok("products", f"Loaded: {', '.join(loaded)}. There are no files here to compare with.")
    try:
        files = {product.slug: content_hash(product) for product in check_folder(folder)}
    except ProductError as error:
        return warning(
            "products",
            f"The files in {folder} are faulty: {str(error).splitlines()[0]}",
            f"`roomdesk product check {folder}` lists all faults.",
        )
    other = [slug for slug, digest in files.items() if loaded.get(slug) != digest]
    if other:
        return warning(
            "products",
            f"The files of {', '.join(other)} are not what is loaded.",
            f"Run `roomdesk product load {folder}`.",
        )
    return ok("products", f"Loaded, and equal to {folder}: {', '.join(files)}.")


def _words(age: timedelta) -> str:
    return str(timedelta(seconds=int(age.total_seconds())))
