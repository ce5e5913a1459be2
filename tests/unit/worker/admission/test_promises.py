"""What admission promises, stated apart from how it decides, over any traffic of three workers."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from support.admission_cluster import WORKERS, Cluster, Grant, asks, budgets, counts, moves, refusals, tokens, traffic
from worker.admission.limits import Limits, Policy
from worker.admission.waiters import share

PATIENT = Policy(default_floor=0, bulk_floor=0, deference_s=1e6, lease_s=1e6)
unsettled = st.tuples(
    st.just("ask"), st.sampled_from(WORKERS), counts, st.integers(1, 9), tokens, st.just(0), st.just(None)
)


@given(limits=budgets, steps=traffic((9, asks), (6, moves), (1, refusals)))
def test_no_call_goes_out_over_the_concurrency_or_through_a_closed_gate(limits, steps):
    """Whoever asks whenever: with a grant the calls of living workers fit the limit, and the gate is open."""
    cluster = Cluster(limits, Policy())
    for step, *arguments in steps:
        before = len(cluster.log)
        getattr(cluster, step)(*arguments)
        if len(cluster.log) > before:
            assert cluster.model.held <= (limits.concurrency or float("inf"))
            assert min(grant.at_us for grant in cluster.log[before:]) >= max(cluster.clock_us, cluster.model.gate_until)


@given(limits=budgets, steps=traffic((1, unsettled), (1, moves)))
def test_no_stretch_of_time_holds_more_requests_or_tokens_than_its_share_and_the_burst(limits, steps):
    """Between any two grants lies the time that the first and those between cost, less the allowance."""
    cluster = Cluster(limits, PATIENT)  # without floors the log of one moment is in the order of the grants
    for step, *arguments in steps:
        getattr(cluster, step)(*arguments)
    for first, last in combinations(range(len(cluster.log)), 2):
        passed_us = cluster.log[last].at_us - cluster.log[first].at_us + limits.burst_us + 1
        spent = cluster.log[first:last]
        assert len(spent) * limits.request_interval_us <= passed_us
        assert sum(grant.tokens for grant in spent) * limits.token_interval_us <= passed_us


returned = st.tuples(
    st.just("ask"), st.sampled_from(WORKERS), counts, st.integers(1, 9), st.just(1), st.integers(0, 3), st.just(None)
)


by_requests = budgets.map(lambda limits: replace(limits, tpm=None, start_tpm=None))


@given(limits=by_requests, steps=traffic((2, returned), (1, moves)))
def test_a_grant_given_back_makes_no_two_others_share_a_moment(limits, steps):
    """Whichever of the calls granted ahead is not sent: those that are keep their distance, less the allowance."""
    cluster = Cluster(limits, PATIENT)
    for step, *arguments in steps:
        getattr(cluster, step)(*arguments)
    unsent = set(map(id, cluster.unsent))
    sent = sorted(grant.at_us for grant in cluster.log if id(grant) not in unsent)
    for first, last in combinations(range(len(sent)), 2):
        assert (last - first) * limits.request_interval_us <= sent[last] - sent[first] + limits.burst_us + 1


def test_the_newest_grant_given_back_leaves_its_moment_to_the_next():
    """At 20 calls a minute a job cancelled just before its call costs nobody three seconds."""
    cluster = Cluster(Limits(rpm=20, burst_s=0.0), Policy())
    cluster.ask("w1", (0, 0, 1), 9, 1, 0, None)
    cluster.move(3_100_000)
    cluster.ask("w1", (0, 0, 1), 9, 1, 0, None)
    assert cluster.ask("w1", (0, 0, 1), 9, 1, 1, None)[:4] == [0, 0, 1, 0]


def test_a_clock_of_redis_that_is_set_back_costs_no_wait():
    """A closed gate opens when it was to, and a dead worker's place is free after its lease."""
    cluster = Cluster(Limits(rpm=1200, concurrency=1), Policy(lease_s=6.0))
    cluster.ask("w1", (0, 0, 1), 9, 1, 0, None)
    cluster.move(60_000)
    assert cluster.ask("w1", (0, 0, 1), 9, 1, 0, None)[2] == 1
    cluster.refuse("w1", "requests", 2_000_000, 0.0)
    cluster.move(-3_600_000_000)
    assert cluster.ask("w2", (0, 0, 1), 9, 1, 0, None)[3:5] == [1_950_000, "gate"]
    cluster.move(5_999_999)
    assert cluster.ask("w2", (0, 0, 1), 9, 1, 0, None)[4] == "concurrency"
    cluster.move(1)
    assert cluster.ask("w2", (0, 0, 1), 9, 1, 0, None)[2] == 1


def test_a_refusal_that_is_heard_first_after_the_clock_was_set_back_closes_the_gate():
    """For as long as it says, by the next question too; and another call of before belongs to the same refusal."""
    cluster = Cluster(Limits(rpm=1200), Policy(ahead_s=0.0))
    cluster.ask("w1", (0, 0, 1), 9, 1, 0, None)
    cluster.move(60_000)
    cluster.ask("w1", (0, 0, 1), 9, 1, 0, None)
    cluster.move(-3_600_000_000)
    assert cluster.refuse("w1", "requests", 2_000_000, 0.0)[1] == 1
    assert cluster.refuse("w1", "requests", 2_000_000, 0.0)[1] == 1
    assert cluster.ask("w1", (0, 0, 1), 9, 1, 0, 0)[3:5] == [2_000_000, "gate"]


def test_who_waited_before_the_clock_was_set_back_stays_before_those_who_come_then():
    """Else it would be called by nobody until the clock is there again."""
    cluster, called = Cluster(Limits(concurrency=1), Policy()), []
    cluster.ask("w1", (0, 0, 1), 9, 1, 0, None)
    cluster.move(1_000)
    cluster.ask("w2", (0, 0, 1), 9, 1, 0, None)
    cluster.move(-3_600_000_000)
    cluster.ask("w3", (0, 0, 1), 9, 1, 0, None)
    cluster.model.publish = lambda channel, _: called.append(channel) or 1
    cluster.ask("w1", (0, 0, 0), 9, 1, 1, 1)
    assert called == ["mmq:wake:w2"]


@given(limits=budgets, steps=traffic((3, asks), (2, moves)))
def test_the_most_urgent_waiter_of_the_cluster_goes_first(limits, steps):
    """Without floors and while nobody gives up on a neighbour, no lane is served while a higher one waits anywhere."""
    cluster = Cluster(limits, PATIENT)
    for step, *arguments in steps:
        before = len(cluster.log)
        getattr(cluster, step)(*arguments)
        served = [grant.lane for grant in cluster.log[before:]]
        assert served == sorted(served)
        if served:
            assert not any(cluster.model.waiting[: served[-1]])


@given(limits=budgets, steps=traffic((9, asks), (6, moves), (1, refusals)))
def test_what_is_held_is_what_was_granted_and_not_given_back(limits, steps):
    """No grant is lost or leaked: each living worker's count is that of its unsettled grants."""
    cluster = Cluster(limits, Policy())
    for step, *arguments in steps:
        getattr(cluster, step)(*arguments)
        if step == "ask":
            row = cluster.model.workers.get(arguments[0])
            assert (row.held if row else 0) == len(cluster.held[arguments[0]])


@given(limits=budgets, steps=traffic((9, asks), (6, moves), (1, refusals)))
def test_nobody_waits_without_a_cause(limits, steps):
    """What was asked for is granted, or one dimension is named that really is exhausted."""
    cluster = Cluster(limits, Policy())
    for step, *arguments in steps:
        reply = getattr(cluster, step)(*arguments)
        if step != "ask":
            continue
        worker, waiting, batch, *_ = arguments
        model, now, dimension = cluster.model, cluster.clock_us, reply[4]
        elsewhere = sum(sum(row.waiting) for name, row in model.workers.items() if name != worker)
        at_once = int(model.book.lessons.concurrency.value) or float("inf")
        exhausted = {
            "": sum(reply[:3]) == sum(waiting)
            or any(granted == asked for granted, asked in zip(reply[:3], share(waiting, batch), strict=True) if asked),
            "gate": model.gate_until > now + cluster.policy.ahead_s,
            "redis": model.quiet_until > now,
            "concurrency": model.held >= min(limits.concurrency or at_once, at_once) - limits.reserved_slots,
            "requests": model.requests_at - limits.burst_us > now and model.request_us + model.refusals > 0,
            "tokens": model.tokens_at - limits.burst_us > now and model.token_us > 0,
            "slope": model.requests_at - limits.burst_us > now and model.book.lessons.slope.value > 0,
            "lane": elsewhere > 0,
        }
        assert exhausted[dimension], dimension


@settings(max_examples=50)
@given(
    limits=budgets.map(lambda limits: Limits(limits.rpm, limits.tpm, burst_s=limits.burst_s)),
    count=st.integers(1, 30),
    size=tokens,
)
def test_waiting_exactly_as_told_is_enough_and_never_too_much(limits, count, size):
    """One worker that sleeps as told is granted at each return, and a microsecond sooner it would not have been."""
    cluster = Cluster(limits, Policy())
    left = count
    while left:
        reply = cluster.ask("w1", (0, 0, left), 9, size, 0, None)
        left -= reply[2]
        if reply[3] > 1:
            cluster.move(reply[3] - 1)
            assert cluster.ask("w1", (0, 0, left), 9, size, 0, None)[2] == 0
            cluster.move(1)
    assert len(cluster.log) == count


def test_a_dead_workers_calls_are_given_back_when_its_lease_ends():
    """Concurrency that a crashed worker held is free after the lease, and not before."""
    cluster = Cluster(Limits(concurrency=2), Policy(lease_s=6.0))
    assert cluster.ask("w1", (0, 2, 0), 9, 1, 0, None)[:3] == [0, 2, 0]
    cluster.move(5_999_999)
    assert cluster.ask("w2", (0, 1, 0), 9, 1, 0, None)[4] == "concurrency"
    cluster.move(1)
    assert cluster.ask("w2", (0, 1, 0), 9, 1, 0, None)[:3] == [0, 1, 0]


def test_no_lane_starves_behind_a_higher_one_that_never_rests():
    """Over 400 grants to three lanes that always wait, default gets every 11th or so and bulk every 21st at least."""
    cluster = Cluster(Limits(rpm=1200), Policy())
    while len(cluster.log) < 400:
        cluster.move(cluster.ask("w1", (3, 3, 3), 9, 1, 3, 1)[3])
    served = [sum(grant.lane == lane for grant in cluster.log) for lane in (0, 1, 2)]
    assert served[1] >= 400 // 12
    assert served[2] >= 400 // 22
    assert served[0] >= 330


def test_interactive_finds_a_free_slot_once_it_is_in_use_and_others_borrow_it_while_idle():
    """Of ten slots bulk takes all while interactive is idle and nine for a minute after an interactive call."""
    limits = Limits(concurrency=10, interactive_reserve=0.1)
    idle, busy = Cluster(limits, Policy()), Cluster(limits, Policy())
    assert idle.ask("w1", (0, 0, 3), 20, 1, 0, None)[:3] == [0, 0, 3]
    assert idle.ask("w2", (0, 0, 9), 20, 1, 0, None)[:3] == [0, 0, 7]
    busy.ask("w1", (1, 0, 0), 20, 1, 0, None)
    assert busy.ask("w1", (0, 0, 20), 20, 1, 1, 1)[:3] == [0, 0, 9]
    assert busy.ask("w2", (1, 0, 0), 20, 1, 0, None)[:3] == [1, 0, 0]


def test_a_flushed_budget_waits_until_every_worker_could_report_and_starts_without_an_allowance():
    """Whoever remembers the former life is held back a heartbeat, and then calls come one by one."""
    cluster = Cluster(Limits(rpm=1200, burst_s=1.0, concurrency=4), Policy(heartbeat_s=2.0))
    cluster.ask("w1", (0, 0, 2), 9, 1, 0, None)
    cluster.move(1_000_000)
    cluster.model = type(cluster.model)(now=lambda: cluster.clock_us)
    assert cluster.ask("w2", (0, 0, 3), 9, 1, 0, None)[4] == "requests"
    flushed = Cluster(cluster.limits, cluster.policy)
    flushed.epoch["w1"] = 1
    assert flushed.ask("w1", (0, 0, 3), 9, 1, 0, None)[3:5] == [2_000_000, "redis"]
    flushed.move(2_000_000)
    assert flushed.ask("w1", (0, 0, 30), 30, 1, 0, None)[2] <= 21


def test_fifty_refusals_of_one_moment_count_once_and_an_old_answer_does_not_end_them():
    """Only a call granted after the gate closed starts a new refusal, or by its answer ends the count."""
    cluster = Cluster(Limits(), Policy())
    cluster.ask("w1", (0, 0, 50), 50, 1, 0, None)
    assert [cluster.refuse("w1", "requests", -1, 0.0)[1] for _ in range(50)] == [1] * 50
    cluster.move(1_000_000)
    cluster.ask("w1", (0, 0, 1), 1, 1, 1, 1)
    assert cluster.model.refusals == 1
    assert cluster.refuse("w1", "requests", -1, 0.0) == [2_000_000, 2]
    cluster.move(2_000_000)
    cluster.ask("w1", (0, 0, 1), 1, 1, 99, 1)
    cluster.move(100_000)
    cluster.ask("w1", (0, 0, 1), 1, 1, 99, 1)
    assert cluster.model.refusals == 0


def test_after_a_refusal_calls_feel_their_way_until_one_is_answered():
    """An unlimited budget does not send everything that gathered behind the gate at once."""
    cluster = Cluster(Limits(), Policy(probe_s=0.1))
    cluster.ask("w1", (0, 0, 1), 1, 1, 0, None)
    cluster.refuse("w1", "requests", -1, 0.0)
    cluster.move(1_000_000)
    assert cluster.ask("w1", (0, 0, 50), 50, 1, 0, None)[2:5] == [1, 50_000, "requests"]
    assert cluster.log[-1] == Grant(cluster.clock_us, 2, 1, cluster.clock_us)
    assert cluster.ask("w1", (0, 0, 49), 49, 1, 9, 1)[2] == 49
