"""The fifth section: to whom a ticket is given."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from itsm_bridge.conditions import explain, miss_text, misses, shown
from itsm_bridge.config.model import Assign, Environment, Ownership, Rule
from itsm_bridge.model import Held, Ticket, Unrouted
from itsm_bridge.rules.eligibility import environment_of, next_owner, owner_on, refusal
from itsm_bridge.rules.facts import read_fact
from itsm_bridge.rules.ownership import whose
from itsm_bridge.rules.verdict import Case, CompiledRule, CompiledRules, FieldDecision, Step, TraceEntry, because

SECTION = "assignment"


@dataclass(frozen=True, slots=True)
class Choice:
    """Whom a rule chooses, and why; no vendor where nobody it names can take the work."""

    vendor: str | None
    why: str


def decide(case: Case, rules: Sequence[CompiledRule[Assign]]) -> Step:
    """The vendor, by the first rule that matches and finds somebody who can take the work.

    A ticket that waits is given to nobody and is not unrouted. A person's choice that stands is left as it is.
    """
    if case.waiting:
        note = TraceEntry(SECTION, "", decided=False, note=f"given to nobody: {case.waiting}")
        return Step(held=(Held(case.ticket.id, "vendor", case.waiting),), trace=(note,))
    trace: list[TraceEntry] = []
    for rule in case.matching(rules):
        choice = choose(case, rule.then)
        if choice.vendor is not None:
            entry = TraceEntry(SECTION, rule.name, decided=True, note=f"vendor = {choice.vendor} ({choice.why})")
            return _given(case, rule, choice, (*trace, entry))
        trace.append(TraceEntry(SECTION, rule.name, decided=False, note=choice.why))
    if "vendor" in case.standing:
        return Step(trace=(*trace, _stands(case)))
    return Step(unrouted=Unrouted(case.ticket.id, _unrouted(case, rules, trace)), trace=tuple(trace))


RESTS_ON: Mapping[str | None, tuple[str, ...]] = MappingProxyType(
    {None: ("environment", "service"), "load": ("environment", "service", "vendor")}
)
"""The facts that ``choose`` reads beside the day, by how a rule chooses; a ``rotation`` asks which ticket it is."""


def choose(case: Case, then: Assign) -> Choice:
    """Whom one action gives the ticket to."""
    if then.vendor is not None:
        why = refusal(case, then.vendor, then.skills)
        return Choice(then.vendor, "named by the rule") if why is None else Choice(None, why)
    return _owner(case, then.skills) if then.owner else _among(case, then)


# --- the environment's owner -------------------------------------------------------------------------------------


def _owner(case: Case, skills: Sequence[str]) -> Choice:
    environment = environment_of(case)
    if environment is None:
        named = ", ".join(map(shown, read_fact(case.facts, "environment")))
        return Choice(
            None, f"environment {named} is not in vendors.yaml" if named else "the ticket names no environment"
        )
    services = read_fact(case.facts, "service")
    owner = owner_on(environment, services, case.today)
    if owner is None:
        return _fallback(case, environment, _nobody(case, environment, services), skills)
    why = refusal(case, owner.vendor, skills)
    if why is not None:
        return _fallback(case, environment, why, skills)
    part = f" for {', '.join(owner.services)}" if owner.services else ""
    return Choice(owner.vendor, f"{owner.vendor} owns {environment.name}{part}")


def _nobody(case: Case, environment: Environment, services: Sequence[str]) -> str:
    coming = next_owner(environment, services, case.today)
    then = f"; {coming.vendor}'s ownership begins only on {coming.start}" if coming is not None else ""
    return f"nobody owns {environment.name} on {case.today.isoformat()}{then}"


def _fallback(case: Case, environment: Environment, why: str, skills: Sequence[str]) -> Choice:
    if environment.fallback is None:
        return Choice(None, f"{why}; {environment.name} has no fallback")
    also = refusal(case, environment.fallback, skills)
    if also is not None:
        return Choice(None, f"{why}; its fallback cannot either: {also}")
    return Choice(environment.fallback, f"fallback of {environment.name}, since {why}")


# --- one among several -------------------------------------------------------------------------------------------


def _among(case: Case, then: Assign) -> Choice:
    refusals = {name: refusal(case, name, then.skills) for name in then.among}
    able = [name for name, why in refusals.items() if why is None]
    if not able:
        return Choice(None, "; ".join(why for why in refusals.values() if why is not None) or "the rule names nobody")
    if then.by == "rotation":
        return Choice(by_rotation(case.ticket, able), "its turn in the rotation")
    return _by_load(case, able)


def _by_load(case: Case, able: Sequence[str]) -> Choice:
    """The least loaded, the first in the list of several; a ticket that one of them holds stays where it is.

    Without that a ticket would go back and forth as the load of the others falls.
    """
    if case.ticket.vendor in able:
        return Choice(case.ticket.vendor, "it holds the ticket already")
    vendor = min(able, key=lambda name: case.loads.get(name, 0.0))
    return Choice(vendor, f"the least load, {case.loads.get(vendor, 0.0):.3g}, of {', '.join(able)}")


def by_rotation(ticket: Ticket, vendors: Sequence[str]) -> str:
    """One of ``vendors`` by a hash of the ticket's identity: even, and the same in every run and in any order.

    The highest of one hash a vendor, so that when a vendor drops out only its own tickets move (Thaler and Ravishankar,
    "Using name-based mappings to increase hit rates", 1998).
    """
    return max(vendors, key=lambda vendor: (_weight(ticket, vendor), vendor))


def _weight(ticket: Ticket, vendor: str) -> bytes:
    text = f"{ticket.source}\0{ticket.external_id}\0{vendor}"
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


# --- what becomes of a choice ------------------------------------------------------------------------------------


def decision(rule: Rule[Assign], choice: Choice) -> FieldDecision:
    """What a choice comes to where nobody's own stands."""
    return FieldDecision(choice.vendor, rule.name, because(rule, f"({choice.why})"))


def _given(case: Case, rule: Rule[Assign], choice: Choice, trace: tuple[TraceEntry, ...]) -> Step:
    standing = case.standing.get("vendor")
    if standing is None:
        return Step(values={"vendor": decision(rule, choice)}, facts={"vendor": (choice.vendor or "",)}, trace=trace)
    held: tuple[Held, ...] = ()
    if standing.mode is Ownership.HOLD and case.ticket.vendor != choice.vendor:
        why = f"{whose(standing)}, which is held; the rules want {choice.vendor} (rule {rule.name})"
        held = (Held(case.ticket.id, "vendor", why),)
    return Step(held=held, trace=(*trace, _stands(case)))


def _stands(case: Case) -> TraceEntry:
    return TraceEntry(SECTION, "", decided=False, note=f"{whose(case.standing['vendor'])}: that stands")


def _unrouted(case: Case, rules: Sequence[CompiledRule[Assign]], refused: Sequence[TraceEntry]) -> str:
    """The rule that failed by the fewest conditions, and what would have made it match."""
    if refused:
        return "; ".join(f"rule {entry.rule} matched, but {entry.note}" for entry in refused)
    if not rules:
        return "there are no assignment rules"
    nearest = (rules if isinstance(rules, CompiledRules) else CompiledRules(rules)).nearest(case.facts)
    return f"no rule matches; nearest is {nearest.name}, {miss_text(misses(explain(nearest.when, case.facts)))}"
