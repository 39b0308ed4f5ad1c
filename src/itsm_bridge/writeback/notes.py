"""Notes on tickets: what makes one the same note for ever, and whether it still has to be sent.

A note's marker is a digest of its ticket and of what it is about, not of its words: a run that was killed, a store that
was restored and a rule whose text was mended all find the note that is there. A note that the source took, or may have
taken, is never sent again by itself, even where it is not seen: two are worse than a finding. It is looked for in every
run. One that was refused is tried once more; so is one that did not come: nothing but our values moved its ticket.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from itsm_bridge.model import NOTE, FieldChange, Held, Note, Outcome, Ticket
from itsm_bridge.rules import NoteDecision
from itsm_bridge.store import LastWrite

REFUSALS_BEFORE_HOLD = 2
"""What a source did not store is sent once more, then held until the inputs change."""

DONE = frozenset({Outcome.VERIFIED, Outcome.NOOP})

UNSEEN = "unseen_note"
"""The finding of a note that a source took and does not show."""

UNKNOWN_NOTE = "unknown_note"
"""The finding of a note of which nobody knows whether the source took it."""

SHOWN_NOTE = "shown_note"
"""The finding of an internal note that is not sent, as another one was shown to customers."""

Shown = Mapping[tuple[str, str], str]
"""Where customers are shown an internal note of ours, by source and project: the ticket that bears it."""

LOOKED_FOR = frozenset({Outcome.UNKNOWN, Outcome.OVERRIDDEN})
"""What may have become of a note that is on its ticket all the same, and may show later."""

NOT_STORED = "not_stored"
"""The finding of a value that a source has refused, or did not store."""


def note_of(ticket: Ticket, decided: NoteDecision) -> Note:
    """The note that a rule wants on a ticket."""
    return Note(marker_of(ticket, decided.key), decided.text, decided.public, decided.told)


def marker_of(ticket: Ticket, key: str) -> str:
    """Sixteen hexadecimal digits for one note of one ticket, the same in every run and on every machine."""
    text = f"{ticket.source}\0{ticket.external_id}\0{key}"
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def marker_in(key: str) -> str:
    """The marker in the key of a note."""
    return key.partition(" ")[2]


def line(ticket: Ticket, decided: NoteDecision, note: Note) -> FieldChange:
    """The note as a line of a plan, which says who will see it where that is not only our own people."""
    why = f"{decided.because} (a public comment)".lstrip() if note.public else decided.because
    return FieldChange(ticket.id, ticket.source, NOTE, None, note.text, decided.rule, why, note)


def why_not_shown(ticket: Ticket, note: Note, shown: Shown) -> Held | None:
    """Why an internal note is not sent at all, for a person to look at; ``None`` where customers will not see it."""
    bearer = shown.get((ticket.source, ticket.project))
    if note.public or bearer is None:
        return None
    why = (
        f"{bearer} shows customers an internal note of ours; no other one is sent to {ticket.project} until that one "
        "is taken off; before that, make our account an agent there"
    )
    return Held(ticket.id, NOTE, why, SHOWN_NOTE)


def why_not_sent(ticket: Ticket, last: LastWrite | None, digest: str) -> Held | None:
    """Why a note that was sent before is not sent again, for a person to look at; ``None`` to try it once more."""
    if last is None:
        return None
    if last.outcome is Outcome.UNKNOWN:
        why = (
            f"nobody knows whether {ticket.source} took a note, and it is not seen on the ticket; it is looked for in "
            "every run and not sent again, lest there be two: leave it by hand if it is missing"
        )
        return Held(ticket.id, NOTE, why, UNKNOWN_NOTE)
    if last.outcome is Outcome.OVERRIDDEN:
        why = f"{ticket.source} took a note and does not show it; it is not sent again, lest there be two"
        return Held(ticket.id, NOTE, why, UNSEEN)
    if last.outcome is Outcome.REJECTED and last.refusals >= REFUSALS_BEFORE_HOLD and last.inputs_digest == digest:
        why = f"a note was refused in {last.refusals} tries ({last.detail}); held until the inputs change"
        return Held(ticket.id, NOTE, why, NOT_STORED)
    return None
