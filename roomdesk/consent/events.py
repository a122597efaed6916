"""What other programs hear of a consent: that it was asked, granted, refused, withdrawn, expired or used. No text of people."""

from __future__ import annotations

from roomdesk.audit.work import Work
from roomdesk.consent.models import Request
from roomdesk.webhooks import emitting


def changed(work: Work, request: Request) -> None:
    """The request has come to its present state."""
    workspace = request.workspace
    told = {
        "id": request.ref,
        "workspace": workspace.slug,
        "product": workspace.product,
        "kind": request.kind,
        "state": str(request.state),
        "action_sha256": request.action_sha256,
    }
    emitting.emit(
        work, emitting.CONSENT_CHANGED, product=workspace.product, subject=request.ref, at=work.now, facts={"consent": told}
    )  # fmt: skip
