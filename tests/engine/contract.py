"""What every engine must do, whatever it speaks to: the tests behind `engine.port.Engine`.

A test module of an engine makes a class of `EngineContract` and gives it four fixtures: `engine`, an Engine on a
tiny lab world (directly, or over the wire with that world behind it), `world`, another handle of the same world,
through which it is changed from outside and looked at, `unanswered`, which keeps the server from answering the next run
that is to be begun, and `passes`, which lets time pass in the world. Nothing here knows an engine's wording, except the
one sentence that Microsoft documents.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from engine.events import ApprovalGranted, OperationClosed, RunEnded, RunIntended
from engine.facts import CmsState, Health, PoolState, What, Why
from engine.lab import reading, trouble, users
from engine.lab.pools import ServiceLevel
from engine.lab.world import World
from engine.model import Ended, Kind, Options, Outcome, Record, Ticket, Verdict
from engine.port import Engine, EngineUnavailable, StepRefused
from engine.states import evolve
from engine.verdict import Look, looked
from tests.engine.given import LEO, T0, asked, given, passed
from tests.engine.lab.worlds import ALONE, P1, P2, P3, P4, STATE, Told, column, digest, go, grow, ids, never, plan_of

EDGE = (
    f'This Front-end pool "{P1}" is specified in topology as the next hop for the Edge server. Failing over this '
    "pool may cause External access/Federation/Split-domain/XMPP features to stop working."
)
DONE = {Ended.COMPLETED, Ended.COMPLETED_WITH_ERRORS}


class Boom(Exception):
    """What a sink raises that cannot commit."""


def judged(
    engine: Engine, ticket: Ticket, outcome: Outcome, passes: Callable[[float], None], settling: float
) -> OperationClosed:
    """The verdict that the product comes to, from this engine's own readings and proofs. `passes` lets time pass."""
    made = passed()
    grant = ApprovalGranted(LEO.id, LEO.name, made.digest)
    op = given(asked(), made, grant, RunIntended(ticket, made.digest), RunEnded(outcome))
    for tick in range(200):
        now = T0 + timedelta(seconds=0.1 * tick)
        look = Look(engine.facts(P1), engine.prove_over(ticket, stop_asked=True))
        for event in looked(op, look, now, settling):
            op = evolve(op, event, now)
            if isinstance(event, OperationClosed):
                return event
        passes(0.1)
    raise TimeoutError(str(op))


class EngineContract:
    """The claims. Subclass it in a test module that has the fixtures `engine`, `world` and `unanswered`."""

    def test_the_topology_names_every_pool_and_its_backup_pool(self, engine: Engine) -> None:
        """Pairs are told from both sides, and a pool without a backup pool is there too."""
        backups = {pool.fqdn: pool.backup for pool in engine.topology().pools}
        assert backups == {P1: P2, P2: P1, P3: P4, P4: P3, ALONE: None}
        assert engine.topology().get(P1.upper()) == engine.topology().get(P1)

    def test_facts_tell_who_the_pair_is_and_how_it_is(self, engine: Engine) -> None:
        """A healthy pair reads as Active, up, with its users, the CMS and the Edge that points at it."""
        facts = engine.facts(P1)
        assert (facts.pool.fqdn, facts.pool.state, facts.pool.health) == (P1, PoolState.ACTIVE, Health.UP)
        assert facts.partner is not None
        assert (facts.partner.fqdn, facts.partner.backup, facts.partner.users) == (P2, P1, 50)
        assert (facts.cms.host, facts.cms.state) == (P2, CmsState.UP)
        assert [(edge.fqdn, edge.next_hop) for edge in facts.edges] == [("edge01.contoso.com", P2)]
        assert facts.outbound.backlog in {0, None}

    @pytest.mark.parametrize(
        ("what", "health"), [("pool", Health.DOWN), ("backend", Health.BACKEND_DOWN), ("quorum", Health.QUORUM_LOST)]
    )
    def test_facts_see_a_pool_that_is_broken_from_outside(
        self, engine: Engine, world: World, what: str, health: Health
    ) -> None:
        """The next reading after the trouble shows it, or says that it could not be read; never that all is well."""
        trouble.break_(world, what, P1)
        seen = {health, Health.UNKNOWN} | ({Health.NO_PRIMARIES} if health is Health.BACKEND_DOWN else set())
        assert engine.facts(P1).pool.health in seen

    @pytest.mark.parametrize(
        ("size", "down", "health"),
        [
            (8, range(1, 5), Health.QUORUM_LOST),
            (8, range(5, 9), Health.UP),
            (12, range(1, 6), Health.QUORUM_LOST),
            (12, range(6, 11), Health.UP),
            (12, range(5, 11), Health.QUORUM_LOST),
        ],
        ids=str,
    )
    def test_in_a_large_pool_it_matters_which_front_ends_run(
        self, engine: Engine, world: World, size: int, down: range, health: Health
    ) -> None:
        """Of eight the first seven vote, and of twelve the first nine; as many others do not make up for them."""
        grow(world, P1, size)
        for number in down:
            trouble.break_(world, "fe", P1, str(number))
        grown = engine.topology().get(P1)
        assert grown is not None
        assert len(grown.front_ends) == size
        facts = engine.facts(P1).pool
        assert (facts.health, facts.front_ends, facts.front_ends_up) == (health, size, size - len(down))

    def test_an_account_without_rights_makes_no_healthy_pool_down(self, engine: Engine, world: World) -> None:
        """It is unknown, and what is told is the right that is missing; the other pool and all else is read."""
        trouble.break_(world, "rights", P1)
        facts = engine.facts(P1)
        assert (facts.pool.health, facts.pool.state) == (Health.UNKNOWN, PoolState.ACTIVE)
        assert facts.partner is not None
        assert facts.partner.health is Health.UP
        assert {(u.what, u.of, u.why) for u in facts.unread} == {
            (what, P1, Why.NO_RIGHTS) for what in (What.SERVICES, What.BACKUP_SERVICE)
        }
        assert all(u.account and u.host and u.right for u in facts.unread)
        trouble.repair(world, "rights", P1)
        assert (engine.facts(P1).pool.health, engine.facts(P1).unread) == (Health.UP, ())

    def test_the_backup_service_of_a_dead_pool_keeps_silent(self, engine: Engine, world: World) -> None:
        """That is no answer, and no missing right; its partner's own is read."""
        trouble.break_(world, "pool", P1)
        facts = engine.facts(P1)
        missed = facts.missed(What.BACKUP_SERVICE, P1)
        assert missed is not None
        assert missed.why is Why.NO_ANSWER
        assert facts.missed(What.BACKUP_SERVICE, P2) is None

    def test_a_pool_without_backup_pool_has_no_partner(self, engine: Engine) -> None:
        """Nothing is made up for the missing side."""
        assert engine.facts(ALONE).partner is None

    def test_the_parameters_are_those_of_the_cmdlet(self, engine: Engine) -> None:
        """The failover's cmdlet flushes, the failback's does not, and neither has what its version does not know."""
        over, back = engine.parameters("Invoke-CsPoolFailOver"), engine.parameters("Invoke-CsPoolFailBack")
        assert {"PoolFqdn", "DisasterMode", "FlushStorageService", "Force", "WaitTime", "WhatIf"} <= over
        assert "FlushStorageService" not in back
        assert "DatabaseCommandTimeoutInSeconds" not in over | back

    def test_a_cmdlet_that_is_not_there_is_refused(self, engine: Engine) -> None:
        """StepRefused, not an empty set that would read as: no parameter is supported."""
        with pytest.raises(StepRefused):
            engine.parameters("Invoke-CsNothing")

    def test_a_ticket_aims_at_the_surviving_pool_and_sends_nothing(self, engine: Engine, world: World) -> None:
        """The failing pool is never needed; making the ticket leaves the world as it is."""
        before = digest(world)
        ticket = engine.ticket(P1, "run-1", *ids("run-1"))
        endpoints = next(pool.front_ends for pool in engine.topology().pools if pool.fqdn == P2)
        assert ticket.endpoint in endpoints
        assert (ticket.run, ticket.shell_id, ticket.command_id, ticket.seen) == ("run-1", *ids("run-1"), 0)
        assert digest(world) == before

    def test_a_failover_hands_the_users_to_the_backup_pool(self, engine: Engine, world: World) -> None:
        """When it is over the backup pool serves them in full, and the state says FailedOver."""
        outcome = go(engine, Kind.FAILOVER)
        assert outcome.ended is Ended.COMPLETED
        assert engine.facts(P1).pool.state is PoolState.FAILED_OVER
        assert reading.who_serves(world, users.some(world, P1)[0]) == (P2, ServiceLevel.FULL)
        assert outcome.lost in {0, None}

    def test_a_failback_brings_them_home(self, engine: Engine, world: World) -> None:
        """Afterwards all is as it was before the failover."""
        go(engine, Kind.FAILOVER, run="run-1")
        assert go(engine, Kind.FAILBACK, run="run-2").ended is Ended.COMPLETED
        assert engine.facts(P1).pool.state in {PoolState.ACTIVE, PoolState.FAILED_BACK}
        assert reading.who_serves(world, users.some(world, P1)[0]) == (P1, ServiceLevel.FULL)

    def test_records_are_numbered_on_and_the_phases_come_in_order(self, engine: Engine) -> None:
        """n counts from 1 and never goes back; the phases are opening, sending, running, ended."""
        told = Told()
        go(engine, Kind.FAILOVER, sink=told)
        assert [record.n for record in told] == list(range(1, len(told) + 1))
        assert told.texts("phase") == ["opening", "sending", "running", "ended"]

    @pytest.mark.parametrize("phase", ["opening", "sending"])
    def test_what_could_not_be_recorded_is_not_done(self, engine: Engine, world: World, phase: str) -> None:
        """A sink that fails on a phase before the cmdlet is sent: its error passes untouched, and nothing happened."""
        before = digest(world)

        def sink(record: Record) -> None:
            if record.text == phase:
                raise Boom(phase)

        with pytest.raises(Boom):
            go(engine, Kind.FAILOVER, sink=sink)
        assert digest(world) == before

    def test_a_fault_before_anything_was_sent_is_safe_to_try_again(
        self, engine: Engine, world: World, unanswered: Callable[[], None]
    ) -> None:
        """The server does not answer once: EngineUnavailable, the pools as before, and the next try does it, once."""
        unanswered()
        before = digest(world, STATE)
        with pytest.raises(EngineUnavailable):
            go(engine, Kind.FAILOVER, run="run-1")
        assert digest(world, STATE) == before
        assert go(engine, Kind.FAILOVER, run="run-2").ended in DONE
        assert column(world, P1, "epoch") == 2

    def test_a_run_that_was_never_sent_is_not_started_by_reattaching(self, engine: Engine, world: World) -> None:
        """NOT_STARTED where that can be proved, UNKNOWN where not; the pools are untouched either way."""
        before = digest(world, STATE)
        ticket = engine.ticket(P1, "run-1", *ids("run-1"))
        outcome = engine.reattach(ticket, plan_of(engine, Kind.FAILOVER), Told(), never)
        assert outcome.ended in {Ended.NOT_STARTED, Ended.UNKNOWN}
        assert digest(world, STATE) == before

    def test_a_run_that_has_ended_is_proved_over_and_one_that_never_began_too(self, engine: Engine) -> None:
        """Only then may a verdict say that nothing more will happen. Looking changes nothing."""
        ticket = engine.ticket(P1, "run-1", *ids("run-1"))
        engine.invoke(ticket, plan_of(engine, Kind.FAILOVER), Told(), never)
        assert engine.prove_over(ticket, stop_asked=False).over
        assert engine.prove_over(engine.ticket(P3, "run-2", *ids("run-2")), stop_asked=False).over
        assert engine.facts(P1).pool.state is PoolState.FAILED_OVER
        assert engine.facts(P3).pool.state is PoolState.ACTIVE

    def test_a_run_whose_last_step_comes_late_gets_no_verdict_that_is_false(
        self, engine: Engine, world: World, passes: Callable[[float], None]
    ) -> None:
        """It is stopped, reports so, and the pool reads as before; a moment later the users are redirected all the
        same. Whoever judges by held readings and proofs never says that nothing was moved."""
        world.go(0.5)
        trouble.break_(world, "late", "1")
        ticket = engine.ticket(P1, "run-1", *ids("run-1"))
        outcome = engine.invoke(ticket, plan_of(engine, Kind.FAILOVER), Told(), lambda: True)
        if outcome.ended is not Ended.STOPPED:
            pytest.skip("this run was past the point of no return before it heard of the stop")
        closed = judged(engine, ticket, outcome, passes, settling=3.0)
        assert closed.verdict is Verdict.SUCCEEDED_WITH_WARNINGS
        assert engine.facts(P1).pool.state is PoolState.FAILED_OVER

    def test_a_pool_that_stays_in_between_reads_so_and_takes_the_same_cmdlet_again(
        self, engine: Engine, world: World
    ) -> None:
        """A reading in between is a reading, neither done nor as before; asked anew, the move goes through."""
        trouble.break_(world, "stuck", P1)
        assert engine.facts(P1).pool.state is PoolState.FAILING_OVER
        assert go(engine, Kind.FAILOVER).ended in DONE
        assert engine.facts(P1).pool.state is PoolState.FAILED_OVER

    def test_a_state_that_is_reached_is_no_end_while_the_cmdlet_is_at_work(self, engine: Engine, world: World) -> None:
        """The users are where they were to go, and nothing proves the run over until the cmdlet has ended."""
        world.go(2.0)
        trouble.break_(world, "linger", "4")
        ticket = engine.ticket(P1, "run-1", *ids("run-1"))
        seen: list[tuple[PoolState, bool]] = []

        def cancelled() -> bool:  # asked again and again while it runs
            state = engine.facts(P1).pool.state
            seen.append((state, engine.prove_over(ticket, stop_asked=False).over))
            return False

        assert engine.invoke(ticket, plan_of(engine, Kind.FAILOVER), Told(), cancelled).ended in DONE
        assert (PoolState.FAILED_OVER, False) in seen
        assert engine.prove_over(ticket, stop_asked=False).over

    def test_reattaching_to_a_finished_run_never_runs_it_again(self, engine: Engine, world: World) -> None:
        """Whatever the engine can still find out, the users were redirected once."""
        plan = plan_of(engine, Kind.FAILOVER)
        ticket = engine.ticket(P1, "run-1", *ids("run-1"))
        told = Told()
        engine.invoke(ticket, plan, told, never)
        again = engine.reattach(replace(ticket, phase="ended", seen=told[-1].n), plan, Told(), never)
        assert again.ended in {Ended.COMPLETED, Ended.UNKNOWN}
        assert column(world, P1, "epoch") == 2

    @pytest.mark.parametrize(
        ("kind", "pool", "troubles"),
        [
            (Kind.FAILOVER, P3, [("pool", P4)]),
            (Kind.FAILOVER, P3, [("backend", P4)]),
            (Kind.FAILOVER, P3, [("quorum", P4)]),
            (Kind.FAILOVER, P1, [("cms-lost",)]),
            (Kind.FAILOVER, P2, [("edge", P1)]),  # the CMS is on pool02
            (Kind.FAILOVER, P1, [("edge", P1)]),
            (Kind.FAILOVER, P1, [("pool", P1)]),
            (Kind.FAILBACK, P1, []),
        ],
    )
    def test_the_cmdlet_refuses_for_itself(
        self, engine: Engine, world: World, kind: Kind, pool: str, troubles: list[tuple[str, ...]]
    ) -> None:
        """FAILED with a sentence, and the pools as before, even if nobody looked beforehand."""
        for what in troubles:
            trouble.break_(world, *what)
        before = digest(world, STATE)
        outcome = go(engine, kind, pool)
        assert (outcome.ended, bool(outcome.say)) == (Ended.FAILED, True)
        assert digest(world, STATE) == before

    def test_a_failback_waits_for_both_pools(self, engine: Engine, world: World) -> None:
        """Refused while the home pool is down, and, without -DisasterMode, while the backup pool is."""
        go(engine, Kind.FAILOVER, P3, run="run-1")
        trouble.break_(world, "pool", P3)
        assert go(engine, Kind.FAILBACK, P3, run="run-2").ended is Ended.FAILED
        trouble.repair(world, "pool", P3)
        trouble.break_(world, "pool", P4)
        assert go(engine, Kind.FAILBACK, P3, run="run-3").ended is Ended.FAILED
        assert engine.facts(P3).pool.state is PoolState.FAILED_OVER
        assert go(engine, Kind.FAILBACK, P3, Options(disaster=True), run="run-4").ended in DONE
        assert engine.facts(P3).pool.state in {PoolState.ACTIVE, PoolState.FAILED_BACK}

    def test_the_edge_refusal_is_microsofts_sentence(self, engine: Engine, world: World) -> None:
        """Word for word as documented, so that an administrator can search for it."""
        trouble.break_(world, "edge", P1)
        told = Told()
        outcome = go(engine, Kind.FAILOVER, sink=told)
        assert EDGE in outcome.say
        assert any(EDGE in text for text in told.texts("error"))

    def test_a_second_failover_and_a_swap_are_refused(self, engine: Engine) -> None:
        """A pool that is failed over, or that serves another pool's users, is not failed over."""
        go(engine, Kind.FAILOVER, P3, run="run-1")
        assert go(engine, Kind.FAILOVER, P3, run="run-2").ended is Ended.FAILED
        assert go(engine, Kind.FAILOVER, P4, run="run-3").ended is Ended.FAILED

    def test_disaster_mode_works_on_a_dead_pool_and_loses_what_was_not_replicated(
        self, engine: Engine, world: World
    ) -> None:
        """The users are served; an engine that can count the loss tells exactly it."""
        trouble.break_(world, "backlog", P1, "250")
        trouble.break_(world, "pool", P1)
        outcome = go(engine, Kind.FAILOVER, options=Options(disaster=True))
        assert outcome.ended in DONE
        assert outcome.lost in {250, None}
        assert engine.facts(P1).pool.state is PoolState.FAILED_OVER
        assert reading.who_serves(world, users.some(world, P1)[0]) == (P2, ServiceLevel.FULL)

    def test_a_whatif_changes_nothing(self, engine: Engine, world: World) -> None:
        """Every row of the world is as before."""
        before = digest(world)
        assert go(engine, Kind.FAILOVER, options=Options(whatif=True)).ended is Ended.COMPLETED
        assert digest(world) == before

    def test_asking_to_stop_ends_with_the_truth_about_where_the_users_are(self, engine: Engine) -> None:
        """What was not stopped has moved the users. Only the lab knows more: over the wire a pipeline is Stopped also
        when its cmdlet had done its work, which is why the verdict is judged from state."""
        outcome = go(engine, Kind.FAILOVER, cancelled=lambda: True)
        state = engine.facts(P1).pool.state
        assert outcome.ended in DONE | {Ended.STOPPED}
        assert outcome.ended is Ended.STOPPED or state is PoolState.FAILED_OVER
        assert engine.name != "lab" or (outcome.ended is Ended.STOPPED) == (state is PoolState.ACTIVE)

    def test_force_hides_messages_and_changes_nothing_else(self, engine: Engine, world: World) -> None:
        """A queue that cannot be flushed stops no failover; with -Force no warning about it is shown."""
        trouble.break_(world, "flush", P1, "2")
        told = Told()
        options = Options(flush_storage=True, force=True)
        assert go(engine, Kind.FAILOVER, options=options, sink=told).ended in DONE
        assert engine.facts(P1).pool.state is PoolState.FAILED_OVER
        assert told.texts("warning") == []

    def test_operations_on_different_pairs_run_at_the_same_time(self, engine: Engine) -> None:
        """One thread per operation, on one engine."""
        with ThreadPoolExecutor(2) as threads:
            first = threads.submit(go, engine, Kind.FAILOVER, P1, run="run-1")
            second = threads.submit(go, engine, Kind.FAILOVER, P3, run="run-2")
            assert {first.result().ended, second.result().ended} == {Ended.COMPLETED}
        assert engine.facts(P3).pool.state is PoolState.FAILED_OVER
