"""From a ticket's history to clock cycles: what each service level promised, used and broke.

A *definition* attaches to a ticket as a *cycle*, which runs and pauses until it is completed or cancelled. All of it
is replayed from the history up to ``now``, so a bridge that reads late has the same clocks as one that was there, and
``now`` may lie in the past. On each change, definitions see the values as they stood from then on, in this order:

1. **stop** completes a cycle.
2. **reset**, when it begins to hold while ``start`` holds, completes it and attaches a new one at zero.
3. **cancel** cancels it; so does a ``start`` that no longer holds. ``start`` is a condition to run, not an event: a
   ticket that is no P1 any more is owed no P1 response (ServiceNow's "start conditions are not met"; ``check`` rests on
   it where it calls a pause outside of start S403, "never pauses"). A response level therefore starts on what makes
   it owed, and stops on the state. A canceled ticket is owed nothing: that state cancels every cycle.
4. **attach**: a definition without a cycle attaches if ``start`` holds and neither ``stop`` nor ``cancel`` does. Once
   both ``start`` and ``stop`` held it is settled until the ticket is reopened: a P1 that was answered and then waits on
   hold is not owed another response, one that goes from resolved to closed no other resolution.
5. **pause**, then **resume**. Without ``resume`` a cycle is paused exactly while ``pause`` holds; with it, until
   ``resume`` holds.

*Change of definition.* A cycle that ends because ``start`` no longer holds hands over to the definition of the same
``measures`` and ``kind`` that attaches at that moment: with its used time (``carry``), at zero (``restart``), or as if
the new one had run since the creation of the ticket, with its own pauses and without the time in which its ``stop``
held (``retroactive``; also where ``start`` comes to hold later and no cycle hands over). With ``carry`` and ``restart``
a cycle starts at the change, with ``retroactive`` at the creation. A completed cycle that would go on when the ticket
is reopened hands over likewise, if its ``start`` no longer holds by then: resolving a ticket, changing its priority and
reopening it gives no fresh clock. ``retroactive`` reaches back to the creation, or for a vendor's clock to when this
vendor took the ticket; a ``stop`` on that way counts until the ticket was reopened or the clock attaches, even where it
no longer holds. A cycle hands over also where its ``cancel`` holds at the same change.

*Reopening.* When a ticket that was resolved, closed or canceled is open again, ``continue`` goes on with the completed
cycle and leaves out the time between; ``new_cycle`` attaches a second one at zero; ``ignore`` leaves it completed. A
cancelled cycle never goes on, nor does one that another has followed. A reopening is remembered until ``start`` holds.
Without one, a ``start`` that comes to hold again attaches a new cycle (a second request for approval is due in its own
time). A cycle that goes on forgets a pause from before it was completed. ``ignore`` binds the level, or in a vendor's
clock this vendor: another level that takes over, and a reset, attach nonetheless.

*Vendors.* A definition with ``calendar: vendor`` or ``kind: uc`` runs in one vendor's hands: another vendor's cycle is
a new one at zero, and the old one is cancelled. While nobody holds the ticket there is none.

*Calendars.* ``environment`` is the calendar of the environment's owner, day by day (midnight in the configuration's
zone). Until a ticket has an environment or service, the first one it gets is used; once it had one, an empty one does
not take it away. Where there is no calendar, there is no cycle but an ``Unclocked`` with the reason.

*Figures.* Seconds are business seconds. A cycle is breached if more than the target is used; the due instant is the
last good one. A target in working days is worth the business seconds from the start to the due instant. A cycle that
ended says when it would have been due; while paused there is no due instant. Vendor, environment and priority are those
at the end: for a completed cycle as of the change that stopped it, for a cancelled one as before that change. When a
cycle that ended would have been due is told by the calendar that it was on, which that very change may have left.
"""

from itsm_bridge.sla.changes import Cause
from itsm_bridge.sla.columns import NO_PRIORITY, CycleColumns
from itsm_bridge.sla.comparing import Compared, Comparer, Comparison
from itsm_bridge.sla.crossings import crossed, crossed_at
from itsm_bridge.sla.cycles import Clockwork, clocked, cycles, reckonings
from itsm_bridge.sla.digests import Digests
from itsm_bridge.sla.folding import folded
from itsm_bridge.sla.model import Clocked, Cycle, Interval, Reckoning, Stage, Unclocked
from itsm_bridge.sla.runs import NEVER
from itsm_bridge.sla.shapes import STAGES
from itsm_bridge.sla.statement import Kind, Line, Statement, Statements
from itsm_bridge.sla.telling import statements
from itsm_bridge.sla.unattached import Unattached
from itsm_bridge.sla.verdicts import GONE, ClockedTicket, Pair, causes, frozen, pairs, word, words

__all__ = [
    "GONE",
    "NEVER",
    "NO_PRIORITY",
    "STAGES",
    "Cause",
    "Clocked",
    "ClockedTicket",
    "Clockwork",
    "Compared",
    "Comparer",
    "Comparison",
    "Cycle",
    "CycleColumns",
    "Digests",
    "Interval",
    "Kind",
    "Line",
    "Pair",
    "Reckoning",
    "Stage",
    "Statement",
    "Statements",
    "Unattached",
    "Unclocked",
    "causes",
    "clocked",
    "crossed",
    "crossed_at",
    "cycles",
    "folded",
    "frozen",
    "pairs",
    "reckonings",
    "statements",
    "word",
    "words",
]
