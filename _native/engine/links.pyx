"""The workers of one process; see links.pxd."""

from libc.stdint cimport uint32_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memset

from fastsfu._native.base.ring cimport ring_commit, ring_free, ring_map, ring_reserve, ring_wake
from fastsfu._native.engine.handles cimport handles_give_back, handles_live, handles_take
from fastsfu._native.forwarding.command cimport (
    COMMAND_CLOSE_INBOUND, COMMAND_CONNECT_LINK, COMMAND_CREATE_REPLICA, COMMAND_TAP,
    COMMAND_UNTAP,
)
from fastsfu._native.forwarding.link cimport LINK_RING_BYTES
from fastsfu._native.forwarding.link_command cimport ConnectLink, CreateReplica, TapStream
from fastsfu._native.worker.worker cimport worker_disband, worker_free


MOST_WORKERS = MAX_WORKERS    # of a process, for Python


cdef class Links:
    """Pass the same one to each engine of the process."""

    def __cinit__(self):
        self.replicas = {}

    cdef int add(self, Worker* worker) except -1:
        if worker.index >= MAX_WORKERS or self.workers[worker.index] != NULL:
            raise ValueError(f"a worker's index is its own and below {MAX_WORKERS}")
        self.workers[worker.index] = worker
        self.running += 1
        return 0

    cdef int connect(self, Worker* one, Worker* other) except -1:
        if self.rings[one.index][other.index] != NULL:
            return 0
        self.rings[one.index][other.index] = new_ring()
        self.rings[other.index][one.index] = new_ring()
        self.tell(one, other)
        self.tell(other, one)
        return 0

    cdef int tell(self, Worker* worker, Worker* peer) except -1:
        cdef ConnectLink* command = <ConnectLink*>ring_reserve(
            &worker.commands, sizeof(ConnectLink))
        if command == NULL:
            raise RuntimeError("the worker does not take commands: its ring is full")
        memset(command, 0, sizeof(ConnectLink))
        command.head.kind = COMMAND_CONNECT_LINK
        command.peer = peer.index
        command.out = self.rings[worker.index][peer.index]
        command.back = self.rings[peer.index][worker.index]
        command.wake = &peer.commands
        ring_commit(&worker.commands)
        ring_wake(&worker.commands)
        return 0

    cdef uint64_t open_replica(
            self, Commands here, Commands home, uint64_t inbound, int kind,
            uint32_t clock_rate, uint64_t lower) except 0:
        cdef uint64_t replica
        if here is home or self.workers[home.worker.index] != home.worker:
            raise ValueError("a replica is of a stream of another engine with the same Links")
        if not handles_live(&home.streams, inbound):
            raise ValueError("the stream is closed")
        self.connect(home.worker, here.worker)
        replica = handles_take(&here.streams)
        if replica == 0:
            raise MemoryError("no stream left: max_streams is reached")
        try:
            create_replica(here, home, inbound, replica, kind, clock_rate, lower)
        except BaseException:
            handles_give_back(&here.streams, replica)
            raise
        self.replicas[here.worker.index, replica] = home, inbound
        return replica

    cdef int close_replica(self, Commands here, uint64_t replica) except -1:
        cdef Commands home
        if (here.worker.index, replica) not in self.replicas:
            return 0
        home, inbound = self.replicas.pop((here.worker.index, replica))
        here.close(COMMAND_CLOSE_INBOUND, replica)
        handles_give_back(&here.streams, replica)
        if self.workers[home.worker.index] == home.worker and handles_live(&home.streams, inbound):
            untap(home, inbound, here.worker.index, replica)
        return 0

    cdef void leave(self, Worker* worker, bint lost) noexcept:
        self.running -= 1
        self.lost = self.lost or lost
        if self.running == 0 and not self.lost:
            self.free_all()

    cdef void free_all(self) noexcept:
        cdef uint32_t i, j
        for i in range(MAX_WORKERS):
            if self.workers[i] != NULL:
                worker_disband(self.workers[i])
        for i in range(MAX_WORKERS):
            if self.workers[i] != NULL:
                worker_free(self.workers[i])
                free(self.workers[i])
                self.workers[i] = NULL
            for j in range(MAX_WORKERS):
                if self.rings[i][j] != NULL:
                    ring_free(self.rings[i][j])
                    free(self.rings[i][j])
                    self.rings[i][j] = NULL


cdef int create_replica(
        Commands here, Commands home, uint64_t inbound, uint64_t replica, int kind,
        uint32_t clock_rate, uint64_t lower) except -1:
    cdef CreateReplica* command = <CreateReplica*>here.reserve(
        COMMAND_CREATE_REPLICA, replica, sizeof(CreateReplica))
    cdef TapStream* tap
    command.peer = home.worker.index
    command.origin = inbound
    command.kind = kind
    command.clock_rate = clock_rate
    command.lower = lower
    tap = <TapStream*>home.reserve(COMMAND_TAP, inbound, sizeof(TapStream))
    tap.peer = here.worker.index
    tap.replica = replica
    home.commit()
    here.commit()
    return 0


cdef void untap(Commands home, uint64_t inbound, uint32_t peer, uint64_t replica) except *:
    cdef TapStream command
    memset(&command, 0, sizeof(command))
    command.head.kind = COMMAND_UNTAP
    command.head.handle = inbound
    command.peer = peer
    command.replica = replica
    home.end(&command.head, sizeof(command))


cdef Ring* new_ring() except NULL:
    cdef Ring* ring = <Ring*>calloc(1, sizeof(Ring))
    if ring == NULL or ring_map(ring, LINK_RING_BYTES) < 0:
        free(ring)
        raise MemoryError
    return ring
