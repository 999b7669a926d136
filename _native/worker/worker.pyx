"""The loop of one worker; see worker.pxd."""

from libc.errno cimport errno
from libc.stdint cimport int64_t, uint8_t, uint32_t
from libc.stdio cimport snprintf
from libc.stdlib cimport calloc, free
from libc.string cimport memset
from libc.time cimport time
from posix.time cimport CLOCK_MONOTONIC, CLOCK_THREAD_CPUTIME_ID, clock_gettime, timespec
from posix.unistd cimport close

from fastsfu._native.base.net cimport (
    ENOMEM, ENOSYS, EPOLL_CLOEXEC, POLLIN, epoll_create1, getrandom, pollfd, ppoll,
)
from fastsfu._native.base.pool cimport pool_free, pool_init, pool_settle
from fastsfu._native.base.posix cimport PR_SET_NAME, ask_for_slice, prctl, set_real_time
from fastsfu._native.base.ring cimport (
    ring_drain_wake, ring_free, ring_front, ring_init, ring_pop, ring_wake,
)
from fastsfu._native.base.table cimport table_free, table_init
from fastsfu._native.crypto.suite cimport suite_free, suite_new
from fastsfu._native.forwarding.command cimport Head
from fastsfu._native.forwarding.estimate cimport estimate_sweep
from fastsfu._native.forwarding.event cimport EVENT_ICE_EXPIRED
from fastsfu._native.forwarding.frames cimport frames_due
from fastsfu._native.forwarding.link cimport link_wake
from fastsfu._native.forwarding.pacing cimport pacing_due, pacing_next_us
from fastsfu._native.forwarding.preference cimport PREFERENCE_INTERVAL_US, preference_tick
from fastsfu._native.forwarding.state cimport (
    QUIET_TICK_US, SWEEP_SLOT_US, SWEEP_SLOTS, TICK_US, emit_event,
)
from fastsfu._native.media.gate cimport gate_forget
from fastsfu._native.media.history cimport history_expire
from fastsfu._native.media.stats cimport StreamStats
from fastsfu._native.media.stream cimport InboundStream, OutboundStream
from fastsfu._native.net.udp cimport UDP_BATCH, Datagram, udp_close, udp_next, udp_receive
from fastsfu._native.peer.egress cimport egress_flush, egress_free, egress_init
from fastsfu._native.peer.ice cimport ice_expired
from fastsfu._native.peer.transport cimport Transport
from fastsfu._native.turn.relay cimport relay_flush, relay_free, relay_tick
from fastsfu._native.worker.apply cimport apply
from fastsfu._native.worker.batching cimport Batching, batching_init, batching_on_turn
from fastsfu._native.worker.demand cimport demand_tell
from fastsfu._native.worker.gating cimport gating_hush
from fastsfu._native.worker.ingress cimport ingress
from fastsfu._native.worker.precedence cimport (
    Precedence, precedence_init, precedence_runs, precedence_settle, precedence_wakes,
)
from fastsfu._native.worker.replica cimport (
    replica_abandon, replica_receive, replica_sweep, replica_tick,
)
from fastsfu._native.worker.reports cimport reports_send, reports_tick
from fastsfu._native.worker.sockets cimport sockets_receive
from fastsfu._native.worker.streams cimport free_inbound
from fastsfu._native.worker.transports cimport free_transport

cdef enum:
    COMMAND_RING_BYTES = 1 << 20
    EVENT_RING_BYTES = 1 << 20
    # Datagrams are taken in batches until none is left, but what is due by the clock gets its turn
    # after so many.
    BATCHES_IN_A_ROW = 8
    # Of the 0.1 to 0.3 ms in which browsers send a frame.
    NAP_US = 250
    # A worker wakes often and for a short time: rather soon than long at a time, where it shares
    # its core (with the event loop's thread, say, in a storm of joins).
    SLICE_NS = 100000
    SILENT_US = 1000000           # without a packet: longer than Opus pauses in DTX (400 ms)
    READY_MEDIA = 1               # of `wait`
    READY_SOCKETS = 2


cdef int worker_init(
        Worker* worker, SuiteMaker maker, const WorkerOptions* options) noexcept nogil:
    cdef int error
    worker.commands.eventfd = worker.events.eventfd = -1
    worker.index = options.index
    worker.epoll = epoll_create1(EPOLL_CLOEXEC)
    if worker.epoll < 0:
        return -errno
    worker.hold_us = options.hold_us
    worker.batch_us = options.batch_us
    worker.busy_poll_us = options.busy_poll_us
    worker.real_time = options.real_time and options.busy_poll_us == 0
    worker.max_transports = options.max_transports
    worker.max_streams = options.max_streams
    worker.transports = <Transport**>calloc(options.max_transports, sizeof(Transport*))
    worker.senders = <Transport**>calloc(options.max_transports, sizeof(Transport*))
    worker.inbound = <InboundStream**>calloc(options.max_streams, sizeof(InboundStream*))
    worker.replicas = <InboundStream**>calloc(options.max_streams, sizeof(InboundStream*))
    worker.gathering = <InboundStream**>calloc(options.max_streams, sizeof(InboundStream*))
    worker.pacing = <Transport**>calloc(options.max_transports, sizeof(Transport*))
    worker.outbound = <OutboundStream**>calloc(options.max_streams, sizeof(OutboundStream*))
    worker.stream_stats = <StreamStats*>calloc(options.max_streams, sizeof(StreamStats))
    worker.transport_stats = <StreamStats*>calloc(options.max_transports, sizeof(StreamStats))
    if (worker.transports == NULL or worker.senders == NULL or worker.inbound == NULL
            or worker.replicas == NULL or worker.gathering == NULL or worker.pacing == NULL
            or worker.outbound == NULL or worker.stream_stats == NULL
            or worker.transport_stats == NULL):
        return -ENOMEM
    if getrandom(&worker.address_seed, sizeof(worker.address_seed), 0) < 0:
        return -ENOSYS
    worker.suite = suite_new(maker)
    if worker.suite == NULL:
        return -ENOSYS
    error = ring_init(&worker.commands, COMMAND_RING_BYTES)
    error = error or ring_init(&worker.events, EVENT_RING_BYTES)
    error = error or pool_init(&worker.pool, options.max_buffers)
    error = error or egress_init(&worker.egress)
    error = error or table_init(&worker.by_ufrag, 64)
    error = error or table_init(&worker.by_address, 64)
    worker.now_us = clock_us()
    worker.next_tick_us = worker.now_us
    return error


cdef void worker_disband(Worker* worker) noexcept nogil:
    cdef uint32_t i
    if worker.transports != NULL:
        for i in range(worker.transport_top):
            if worker.transports[i] != NULL:
                free_transport(worker, worker.transports[i])
    while worker.replica_count:
        free_inbound(worker, worker.replicas[worker.replica_count - 1])
    if worker.relay != NULL:
        relay_free(worker.relay)
        free(worker.relay)
        worker.relay = NULL
    if worker.epoll > 0:
        close(worker.epoll)
        worker.epoll = -1
    egress_free(&worker.egress)
    replica_abandon(worker)
    worker.link_count = 0


cdef void worker_free(Worker* worker) noexcept nogil:
    worker_disband(worker)
    pool_settle(&worker.pool)
    pool_free(&worker.pool)
    table_free(&worker.by_ufrag)
    table_free(&worker.by_address)
    if worker.suite != NULL:
        suite_free(worker.suite)
    udp_close(&worker.udp)
    ring_free(&worker.commands)
    ring_free(&worker.events)
    free(worker.transports)
    free(worker.senders)
    free(worker.inbound)
    free(worker.replicas)
    free(worker.gathering)
    free(worker.pacing)
    free(worker.outbound)
    free(worker.stream_stats)
    free(worker.transport_stats)
    memset(worker, 0, sizeof(Worker))


cdef inline int64_t clock_us(int clock=CLOCK_MONOTONIC) noexcept nogil:
    cdef timespec now
    clock_gettime(clock, &now)
    return <int64_t>now.tv_sec * 1000000 + now.tv_nsec // 1000


cdef void name_thread(const Worker* worker) noexcept nogil:
    """For top -H, /proc/PID/task/*/comm and profiles."""
    cdef char name[16]
    snprintf(name, sizeof(name), "worker-%u", <unsigned int>worker.index)
    prctl(PR_SET_NAME, name, 0, 0, 0)


cdef void worker_run(Worker* worker) noexcept nogil:
    cdef Batching batching
    cdef Precedence precedence
    cdef int ready
    name_thread(worker)
    ask_for_slice(SLICE_NS)
    worker.woke_us = clock_us()
    batching_init(&batching, worker.batch_us, worker.woke_us)
    precedence_init(&precedence, clock_us(CLOCK_THREAD_CPUTIME_ID), worker.woke_us)
    while not worker.stopping:
        worker.now_us = clock_us()
        turn_ended(worker, &batching, &precedence)
        ready = wait(worker, batching.apart_us)
        worker.woke_us = worker.now_us = clock_us()
        precedence_wakes(&precedence, worker.now_us)
        worker.beats += 1
        obey(worker)
        worker_read_links(worker)
        if worker.relay != NULL:
            worker.relay.unix_s = time(NULL)
        if ready & READY_MEDIA:
            receive(worker, &precedence)
        if worker.relay != NULL and ready & READY_SOCKETS:
            sockets_receive(worker)
        worker_step(worker)


cdef void turn_ended(
        Worker* worker, Batching* batching, Precedence* precedence) noexcept nogil:
    """What it took says how the next ones are to be: how far apart, and before what else."""
    cdef int64_t took_us = worker.now_us - worker.woke_us
    worker.busy_us += took_us
    batching_on_turn(batching, took_us, worker.now_us)
    give_way(worker, precedence)


cdef inline void give_way(Worker* worker, Precedence* precedence) noexcept nogil:
    """Or go first again: it has run until now."""
    if (worker.real_time and precedence_runs(precedence, worker.now_us)
            and precedence_settle(
                precedence, clock_us(CLOCK_THREAD_CPUTIME_ID), worker.now_us)):
        worker.real_time = set_real_time(precedence.goes_first) == 0
        ask_for_slice(SLICE_NS)   # which real time has no notion of


cdef void worker_read_links(Worker* worker) noexcept nogil:
    if worker.link_count:
        replica_receive(worker)
        pool_settle(&worker.pool)


cdef void worker_step(Worker* worker) noexcept nogil:
    frames_due(worker)
    if worker.pacing_count:
        pacing_due(worker)
    if worker.now_us >= worker.next_tick_us:
        tick(worker)
    sweep_slots(worker)
    if worker.link_count:
        link_wake(worker)
    egress_flush(&worker.egress, &worker.udp)
    if worker.relay != NULL:
        relay_flush(worker.relay, worker.now_us, worker.hold_us)
    if worker.events_written:
        worker.events_written = False
        ring_wake(&worker.events)


cdef int wait(Worker* worker, int64_t apart_us) noexcept nogil:
    """Until a datagram, a command, the end of a hold or the next tick; a worker without any duty
    waits for ever. What is ready to be read: to ask a socket in vain costs as much as a datagram.

    In the middle of a frame more is sure to come, and as a rule so it is in a relayed burst: a nap
    then takes its packets together instead of waking for each.
    """
    cdef pollfd fds[3]
    cdef timespec timeout
    cdef int64_t until = worker.next_tick_us, now_us = worker.now_us, left
    cdef bint naps = worker.gathering_count > 0
    cdef int i
    if apart_us and has_duties(worker) and not udp_full(worker):
        nap(worker.woke_us + apart_us - now_us)
        return READY_MEDIA | READY_SOCKETS
    for i in range(worker.gathering_count):
        until = min(until, worker.gathering[i].frame_deadline_us)
    if worker.pacing_count:
        until = min(until, pacing_next_us(worker))
    if worker.relay != NULL and worker.relay.outbox.count:
        naps = True
        until = min(until, worker.relay.outbox.due_us)
    left = max(<int64_t>0, until - now_us)
    if naps:
        nap(min(left, <int64_t>NAP_US))
        return READY_MEDIA | READY_SOCKETS
    timeout = span_of(left)
    fds[0].fd = worker.udp.fd
    fds[1].fd = worker.commands.eventfd
    fds[2].fd = worker.epoll
    fds[0].events = fds[1].events = fds[2].events = POLLIN
    fds[0].revents = fds[1].revents = fds[2].revents = 0
    if not spin(worker, fds, now_us + min(left, worker.busy_poll_us)):
        ppoll(fds, 3, &timeout if has_duties(worker) else NULL, NULL)
    if fds[1].revents & POLLIN:
        ring_drain_wake(&worker.commands)
    return (READY_MEDIA if fds[0].revents else 0) | (READY_SOCKETS if fds[2].revents else 0)


cdef inline timespec span_of(int64_t us) noexcept nogil:
    cdef timespec span
    span.tv_sec = us // 1000000
    span.tv_nsec = us % 1000000 * 1000
    return span


cdef inline void nap(int64_t us) noexcept nogil:
    cdef timespec timeout = span_of(max(<int64_t>0, us))
    ppoll(NULL, 0, &timeout, NULL)


cdef inline bint spin(const Worker* worker, pollfd* fds, int64_t until_us) noexcept nogil:
    """Ask again and again before sleeping, where that is wanted: to be woken takes longer."""
    cdef timespec at_once
    if worker.busy_poll_us == 0 or not has_duties(worker):
        return False
    at_once.tv_sec = at_once.tv_nsec = 0
    while ppoll(fds, 3, &at_once, NULL) == 0:
        if clock_us() >= until_us:
            return False
    return True


cdef inline bint has_duties(const Worker* worker) noexcept nogil:
    """Something that has to be seen to by the clock; what comes back of loans wakes nobody."""
    return (
        worker.transport_count or worker.replica_count or worker.pool.lent
        or (worker.relay != NULL and worker.relay.server.allocation_count))


cdef void obey(Worker* worker) noexcept nogil:
    """All commands that wait. They may end streams, so nothing is laid out in the egress then."""
    cdef uint32_t size
    cdef uint8_t* record = ring_front(&worker.commands, &size)
    if record != NULL:
        frames_due(worker)
        egress_flush(&worker.egress, &worker.udp)
    while record != NULL:
        apply(worker, <const Head*>record)
        ring_pop(&worker.commands)
        record = ring_front(&worker.commands, &size)


cdef void receive(Worker* worker, Precedence* precedence) noexcept nogil:
    cdef Datagram datagram
    for _ in range(BATCHES_IN_A_ROW):
        if udp_receive(&worker.udp) == 0:
            return
        # What came may answer to a command that was given meanwhile: a client's first check, sent
        # as soon as it has our answer, finds its transport there.
        obey(worker)
        while udp_next(&worker.udp, &datagram):
            ingress(worker, &datagram)
        if not udp_full(worker):
            return
        worker.now_us = clock_us()
        give_way(worker, precedence)


cdef inline bint udp_full(const Worker* worker) noexcept nogil:
    """The last batch was a whole one: more may wait."""
    return worker.udp.message_count == UDP_BATCH


cdef void tick(Worker* worker) noexcept nogil:
    cdef bint hurry = False
    cdef int i
    for i in range(worker.sender_count):
        if reports_tick(worker, worker.senders[i]):
            hurry = True
        demand_tell(worker, worker.senders[i])
    if worker.replica_count and replica_tick(worker):
        hurry = True
    if worker.relay != NULL:
        relay_tick(worker.relay, worker.now_us)
    if worker.now_us >= worker.preference_due_us:
        worker.preference_due_us = worker.now_us + PREFERENCE_INTERVAL_US
        preference_tick(worker)
    worker.next_tick_us = worker.now_us + (TICK_US if hurry else QUIET_TICK_US)


cdef void sweep_slots(Worker* worker) noexcept nogil:
    """Every transport has its turn once a second, spread over it by index."""
    cdef int64_t slot = worker.now_us // SWEEP_SLOT_US
    cdef uint32_t i
    worker.slot = max(worker.slot, slot - SWEEP_SLOTS)
    while worker.slot < slot:
        worker.slot += 1
        i = worker.slot % SWEEP_SLOTS
        if i == 0 and worker.replica_count:
            replica_sweep(worker)
        while i < worker.transport_top:
            if worker.transports[i] != NULL:
                sweep(worker, worker.transports[i])
            i += SWEEP_SLOTS


cdef void sweep(Worker* worker, Transport* transport) noexcept nogil:
    """A transport's turn, once a second."""
    cdef int i
    if not transport.expired and ice_expired(
            &transport.ice, worker.now_us, transport.consent_timeout_us):
        transport.expired = True
    if transport.expired and not transport.expiry_told:
        transport.expiry_told = emit_event(worker, EVENT_ICE_EXPIRED, transport.handle)
    for i in range(transport.inbound_count):
        if worker.now_us - transport.inbound[i].stats.last_packet_us > SILENT_US:
            forget_silent(worker, transport.inbound[i])
    reports_send(worker, transport)
    estimate_sweep(worker, transport)
    transport.stats.last_packet_us = transport.heard_us


cdef void forget_silent(Worker* worker, InboundStream* stream) noexcept nogil:
    """A voice that sends nothing speaks no more; what is old need not stay in memory."""
    history_expire(&stream.history, worker.now_us)
    gate_forget(&stream.gate)
    gating_hush(worker, stream)
