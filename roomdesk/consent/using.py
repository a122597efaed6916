"""Using a consent: once, for exactly the action that was agreed to, with a signed receipt; and how it ended (R34, R35, D45).

Whatever is in doubt refuses, and then nothing has changed. The lane's lock makes of any number of calls at once one after another.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from roomdesk.audit import signing
from roomdesk.audit.models import Head
from roomdesk.audit.work import Actor, Work
from roomdesk.cases import loading
from roomdesk.cases.acting import name_of
from roomdesk.cases.conversation import Conversation
from roomdesk.consent import events, people, repeats, saying, timers
from roomdesk.consent.errors import Conflict, Invalid, NotUsable
from roomdesk.consent.models import Grant, IdentityCheck, Request, Use
from roomdesk.consent.queries import access_consent
from roomdesk.directory.models import Workspace
from roomdesk.directory.queries import Viewer
from roomdesk.queues import lanes
from roomdesk.queues.signals import LIVE, notify
from roomdesk.rules.canonical_json import sha256_of
from roomdesk.rules.consent_answer import State
from roomdesk.rules.consent_life import Given, Granted, Refusal, may_not_use
from roomdesk.rules.errors import RuleError
from roomdesk.runtime import faults

RECEIPT = "roomdesk.consent.receipt.1"
_SENTENCES = {
    Refusal.NOT_GRANTED: "{ref} is not granted (yet). Do nothing.",
    Refusal.REFUSED: "{ref} was refused by the customer. Do nothing.",
    Refusal.WITHDRAWN: "{ref} was withdrawn. Do nothing.",
    Refusal.EXPIRED: "{ref} has expired; ask again. Do nothing.",
    Refusal.USED: "{ref} was used already, and can be used once only. Do nothing.",
    Refusal.COOL_OFF: "{ref} is granted, and its time to think again is not over. Do nothing yet.",
    Refusal.OTHER_ACTION: "{ref} was granted for another action than this one. Do nothing.",
    Refusal.NO_AUTHORITY: "Whoever agreed to {ref} may not agree to it any more; ask again. Do nothing.",
    Refusal.NOT_IDENTIFIED: "{ref} needs a recorded verification of the person's identity first. Do nothing yet.",
}


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a script keeps: a document in canonical JSON, signed by the desk. `text` is exactly what is signed."""

    text: str
    signature: str
    key_id: str
    is_dry_run: bool = False

    def as_json(self) -> dict[str, Any]:
        document = json.loads(self.text) if self.text else None
        signed = {"signed": self.text, "signature": self.signature, "key": self.key_id}
        return {"receipt": document, **signed, "dry_run": self.is_dry_run}


def do_consume(
    viewer: Viewer, ref: str, action: Any, nonce: str, *, dry_run: bool = False, actor: Actor, now: datetime
) -> Receipt:
    """Uses the consent for this action and gives its receipt. The same nonce and action again give the same receipt.

    NotUsable, with the reason, for whatever is against it; Invalid for an action or nonce that is none. A dry run says what would be, and
    uses nothing. Every refusal stands in the chain, the same one once an hour with how often it was asked for.
    """
    digest = _digest(action)
    _check_nonce(nonce)
    place = access_consent(ref, viewer).workspace
    with transaction.atomic():
        held = _Held.of(place, actor, now)
        at = held.work.now
        request = Request.objects.select_related("workspace", "case").get(ref=ref.upper())
        receipt = _received(request, nonce, digest)
        if receipt is not None:
            return receipt
        grants = list(Grant.objects.filter(request=request).select_related("person").order_by("pk"))
        refusal = may_not_use(_granted(request, grants, at), digest, at)
        if refusal is None and not dry_run:
            receipt = _use(held, request, grants, nonce)
        else:
            held.note(request, "consent.dry_run" if dry_run else "consent.not_used", nonce, digest, refusal)
    faults.point("consent-committed")
    if refusal is not None:
        raise NotUsable(_SENTENCES[refusal].format(ref=request.ref), reason=refusal.value)
    return receipt or Receipt("", "", "", is_dry_run=True)


def _received(request: Request, nonce: str, digest: str) -> Receipt | None:
    """The receipt of an earlier call that was this one."""
    use = Use.objects.filter(request=request).first()
    if use is None or use.nonce != nonce or request.action_sha256 != digest:
        return None
    return Receipt(use.receipt, use.signature, use.key_id)


@dataclass(slots=True)
class _Held:
    """The workspace's conversation while its lane is held, for a program that is no staff."""

    conversation: Conversation
    work: Work
    by: str

    @classmethod
    def of(cls, workspace: Workspace, actor: Actor, now: datetime) -> _Held:
        lane, at = lanes.lock_from(workspace.lane_id, now)
        return cls(loading.load({lane.pk: lane}, earliest=at)[lane.pk], Work(at, actor), name_of(actor))

    def note(self, request: Request, what: str, nonce: str, digest: str, refusal: Refusal | None) -> None:
        """Notes that nothing was used; the same within an hour once, and counted."""
        verdict = refusal.value if refusal else ""
        key = {"what": what, "verdict": verdict, "action_sha256": digest, "by": self.by}
        more = repeats.is_news(self.work, request, key)
        if more is not None:
            told = {"ref": request.ref, "nonce": nonce, "action_sha256": digest, "refusal": verdict or None, **more}
            self.work.audit(what, f"consent:{request.ref}", told, scope=self.conversation.scope)
        self.flush()

    def flush(self) -> None:
        self.work.flush()
        notify(LIVE, str(self.conversation.lane.pk))


def _digest(action: Any) -> str:
    if not isinstance(action, dict) or not action:
        raise Invalid("action is the JSON object that you are about to do.", field="action")
    try:
        return sha256_of(action)
    except (RuleError, RecursionError) as error:
        raise Invalid(f"action cannot be compared: {error}", field="action") from error


def _check_nonce(nonce: str) -> None:
    if not (8 <= len(nonce) <= 200 and nonce.isascii() and nonce.isprintable()):
        raise Invalid(
            "nonce is 8 to 200 visible ASCII characters, new for every use; keep it for a repeat.", field="nonce"
        )


def _granted(request: Request, grants: list[Grant], now: datetime) -> Granted:
    holding = people.holding(request, grants, now)
    given = [Given(str(one.person_id), one.step_up, may_still=one.person_id in holding) for one in grants]
    return Granted(
        state=State(request.state),
        action_sha256=request.action_sha256,
        expires_at=request.expires_at,
        granted_at=request.granted_at,
        given=given,
        approvers=request.approvers,
        high_risk=request.high_risk,
        cool_off=timedelta(minutes=request.cool_off_minutes),
        needs_identity=request.identity_check,
        is_identified=IdentityCheck.objects.filter(request=request).exists(),
    )


def _use(held: _Held, request: Request, grants: list[Grant], nonce: str) -> Receipt:
    """Everything in one transaction: who dies in it has used nothing; who dies after it has a receipt to ask for again."""
    work, now = held.work, held.work.now
    request.state, request.closed_at, request.closed_by = State.USED, now, held.by
    work.update(request, "state", "closed_at", "closed_by")
    timers.plan(work, held.conversation, request)
    events.changed(work, request)
    told = {"ref": request.ref, "nonce": nonce, "action_sha256": request.action_sha256, **repeats.untold(request)}
    work.audit("consent.used", f"consent:{request.ref}", told, scope=held.conversation.scope)
    saying.say(work, held.conversation, request, "work.before", "work.before")
    held.flush()
    faults.point("consent-used")
    signed = signing.sign(_document(held, request, grants, nonce), now)
    Use.objects.create(
        request=request, nonce=nonce, by=held.by, at=now, receipt=signed.text, signature=signed.signature, key_id=signed.key_id
    )  # fmt: skip
    faults.point("consent-written")
    return Receipt(signed.text, signed.signature, signed.key_id)


def _document(held: _Held, request: Request, grants: list[Grant], nonce: str) -> dict[str, Any]:
    # The heads are locked since the flush: this is the link that tells of the use.
    head = Head.objects.get(scope=held.conversation.scope)
    return {
        "type": RECEIPT,
        "consent": request.ref,
        "workspace": request.workspace.slug,
        "case": request.case.ref if request.case else None,
        "kind": request.kind,
        "action": json.loads(request.action),
        "action_sha256": request.action_sha256,
        "phrase": request.phrase,
        "granted": [_witness(grant) for grant in grants],
        "used_at": _z(held.work.now),
        "used_by": held.by,
        "expires_at": _z(request.expires_at),
        "nonce": nonce,
        "chain": {"scope": head.scope, "seq": head.seq, "hash": head.hash},
    }


def _witness(grant: Grant) -> dict[str, Any]:
    return {
        "person": grant.person.slug,
        "role": grant.role,
        "at": _z(grant.at),
        "channel": grant.channel,
        "event_id": grant.event_id or None,
        "step_up": grant.step_up,
    }


def _z(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def do_result(
    viewer: Viewer, ref: str, result: str, words: str = "", code: int | None = None, *, actor: Actor, now: datetime
) -> Request:
    """Says how it ended, and tells the room. The same again changes nothing; Conflict for another result, or where nothing was used."""
    if result not in Use.Result.values:
        raise Invalid(f"result is one of {', '.join(Use.Result.values)}.", field="result")
    words = words.replace("\0", "").strip()[:4000]
    if code is not None and not -(2**31) < code < 2**31:
        raise Invalid("code is the exit code of the program.", field="code")
    place = access_consent(ref, viewer).workspace
    with transaction.atomic():
        held = _Held.of(place, actor, now)
        request = Request.objects.select_related("workspace", "case").get(ref=ref.upper())
        use = Use.objects.filter(request=request).first()
        if use is None:
            raise Conflict(f"{request.ref} was not used, so nothing can have come of it.")
        if use.result:
            _check_same(request, use, result)
            return request
        use.result, use.result_words, use.result_code = result, words, code
        use.result_at, use.result_by = held.work.now, held.by
        held.work.update(use, "result", "result_words", "result_code", "result_at", "result_by")
        told = {"ref": request.ref, "result": result, "words": words, "code": code}
        held.work.audit(f"consent.{result}", f"consent:{request.ref}", told, scope=held.conversation.scope)
        key = {"done": "work.after", "failed": "work.failed", "partial": "work.partial"}[result]
        what = request.words if result == Use.Result.DONE or not words else f"{request.words} ({words})"
        saying.say(held.work, held.conversation, request, key, "work.after", what=what)
        held.flush()
    return request


def _check_same(request: Request, use: Use, result: str) -> None:
    if use.result != result:
        raise Conflict(f"{request.ref} was reported as {use.result} already; a result is not changed afterwards.")
