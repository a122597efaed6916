"""Sentences of the parts below, which speak English, as pages of staff can meet them; `portal/refusals.py` has those of customers."""

from __future__ import annotations

from django.utils.translation import gettext_noop as _
from django.utils.translation import pgettext_lazy

#: Refusals and reasons, with what is filled in.
STAFF_SENTENCES = (
    # Why a case stands where it does in the queue.
    _("It is a P0: these come before everything else."),
    _("A promised time has passed: what is late comes before what is still due, by the time it was due."),
    _("It has a due time: what is due earlier comes first."),
    _("Nothing is due at a certain time for it: such cases come by arrival, after those with a due time."),
    _("It is answered and nothing is due for it: such cases come after those that wait for an answer."),
    _("It waits for the customer: such cases come after those that wait for us."),
    _("It is snoozed: such cases come after all others."),
    _("Its urgency was misused before: such cases come last among their like."),
    # What cannot be found, or is somebody else's.
    _("There is no case \"%(ref)s\", or it is not yours to see."),
    _("There is no workspace \"%(slug)s\", or it is not yours to see."),
    _("There is no product \"%(product)s\", or it is not yours to see."),
    _("There is no room of \"%(name)s\", or it is not yours to see."),
    _("There is no notice %(number)s, or it is not yours to see."),
    _("There is no question %(number)s, or it is not yours to answer."),
    _("There is no such view of yours."),
    # What cannot be done with a case.
    _("Only staff decide about cases; write in the case what you need."),
    _("%(ref)s is %(state)s; reopen it before you change it."),
    _("%(ref)s is %(state)s; nobody works on it."),
    _("%(ref)s is %(state)s; only what was resolved or closed can be reopened."),
    _("%(ref)s is %(state)s; nothing more can be given in it."),
    _("%(ref)s is %(state)s; only open cases can be merged."),
    _("%(ref)s has no cycle on record, so it can only be read; open a new case for what is to be done."),
    _("%(ref)s is %(state)s; reopen it first."),
    _("%(ref)s cannot be merged into itself."),
    _("%(ref)s cannot be linked to itself."),
    _("%(ref)s is attached to no incident."),
    _("%(ref)s is not linked to %(to)s."),
    _("%(ref)s was merged more than ten minutes ago; split its messages off instead."),
    _("No word of the customer would stay in %(ref)s; merge the cases instead."),
    _("None of these messages is a customer's, so nobody asked for a case."),
    _("A case can be snoozed until a time to come, within a year."),
    _("\"%(slug)s\" is not a member of the staff for this product."),
    _("%(name)s is not in the room of this workspace."),
    _("Another case was attached just now; nothing was done. Do it again."),
    _("Choose one to %(most)s cases."),
    # Views, macros, the rota.
    _("Give the view a name of at most 60 characters."),
    _("You keep %(most)s views; remove one first."),
    _("You have a view “%(name)s” already; give this one another name."),
    _("Only administrators see and change macros."),
    _("\"%(slug)s\" cannot be a name; use small letters, digits, \"_\" and \"-\"."),
    _("The text in the language %(language)s is missing; people get their own language."),
    _("Only leads and administrators of the product write its rota; a shift of your own you can swap."),
    _("Why? A swap needs its reason."),
    _("A swap ends after its start, in time to come, and within 92 days of it."),
    _("%(person)s is not on call within 92 days."),
    _("Nobody was paged for %(ref)s."),
    _("%(ref)s was paged for already."),
)  # fmt: skip

#: What products call what: kinds, severities, states of workspaces and consents, and what changes of a case are called.
WORDS = (
    *(_("Incident"), _("Alert"), _("Question"), _("Subscription"), _("Feature request"), _("Backup restore")),
    *(_("Security"), _("Module"), _("Billing document"), _("Legal"), _("Other")),
    *(_("Critical"), _("High"), _("Medium"), _("Normal"), _("Low")),
    *(_("Trial"), _("Active"), _("Suspended"), _("Cancelled")),
    *(_("State"), _("Severity"), _("Kind"), _("Assignee"), _("Snoozed until"), _("Note")),
    *(pgettext_lazy("case", "Waiting customer"), pgettext_lazy("case", "Waiting third party")),
    pgettext_lazy("case", "Deflected"),
    *(_("Owner"), _("Admin"), _("Member")),
    *(_("owner"), _("admin"), _("member")),
    *(_("open"), _("granted"), _("refused"), _("withdrawn"), _("expired"), _("used")),
    *(_("done"), _("failed"), _("partial")),
    *(_("Mon"), _("Tue"), _("Wed"), _("Thu"), _("Fri"), _("Sat"), _("Sun")),
)
