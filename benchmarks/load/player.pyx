"""The load itself, one nogil loop: every sender plays a trace with its real timing, and every
receiver takes what the senders of its room play.

Every packet of every receiver that reads is authenticated and decrypted with libsrtp (pylibsrtp's,
by address: not our own SRTP), its content compared with what was sent, and its latency taken from
the sender's clock in the payload to the kernel's receive timestamp (SO_TIMESTAMPNS, both
CLOCK_REALTIME). Sockets are looked at every few milliseconds and never waited on: on loopback the
server's core would pay for waking us, which no receiver on a network makes it do.
"""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t, uintptr_t
from libc.stdlib cimport calloc, free
from libc.string cimport memset

import numpy as np

from benchmarks.load.content cimport (
    HEADER, LEVEL_BYTES, content_read, content_write, header_write, level_write,
)
from benchmarks.load.control cimport (
    SrtpFunction, control_check, control_report, control_requests, control_set, is_rtp,
)
from benchmarks.load.parties cimport (
    STREAMS, Flow, Receiver, Row, Sender, Stamp, rows_beginning,
)
from benchmarks.load.sockets cimport (
    BATCH, CLOCK_MONOTONIC, MSG_DONTWAIT, TFD_NONBLOCK, alarm_at, batch,
    batch_receive, batch_time_ns, clock_ns, close, drop_media, epoll_create1, epoll_event,
    epoll_wait, read, send, timerfd_create, timestamp, watch,
)
from benchmarks.load.window cimport (
    window_close, window_count, window_open_receiver, window_open_sender, window_row,
)

cdef enum:
    PAUSE_US = 400000         # Opus that pauses says so often that it does
    PAUSE_BYTES = 60
    LATENCY_BUCKETS = 200000  # of 1 us
    EVENTS = 64
    SPREAD = 1000             # receivers' control packets are spread over so many ticks
    TICK_NS = 1000000
    # Cameras keep time, each its own: their frames must not all come at once.
    FRAME_US = 33333
    PHASE_US = 20600          # a golden section of it, which spreads any number of them
    # a server's RTCP compound at most: what is there once, and SR and SDES of each stream
    CONTROL_BYTES = 128
    REPORT_BYTES = 108
    RECEIVE_TICKS = 4         # between two looks at the receivers' sockets

cdef class Player:
    """Senders and their receivers over sockets that are connected to the server."""

    cdef SrtpFunction srtp_protect, srtp_unprotect, srtp_protect_rtcp, srtp_unprotect_rtcp
    cdef Sender* senders
    cdef Receiver* receivers
    cdef int sender_count, sender_capacity, playing, count, capacity, epoll, timer
    cdef Row* rows
    cdef object rows_owner
    cdef int row_count
    cdef int64_t period_us, start_ns, stopped_ns, tick, next_receive
    cdef uint32_t ts_rate[STREAMS]
    cdef uint8_t pt[STREAMS]
    cdef uint64_t keyframe_requests, feedback, send_failures
    cdef uint64_t* latency
    cdef batch* batch
    cdef bint hall                        # a room in which few speak and all are heard
    cdef bint stopped                     # by another thread, as soon as may be
    cdef int64_t late_ns                  # worst delay of a packet behind its row's time

    def __cinit__(self, int capacity, dict srtp_addresses, int senders=1):
        """Room for `capacity` receivers and for `senders`."""
        self.senders = <Sender*>calloc(senders, sizeof(Sender))
        self.receivers = <Receiver*>calloc(capacity, sizeof(Receiver))
        self.latency = <uint64_t*>calloc(LATENCY_BUCKETS, sizeof(uint64_t))
        self.batch = <batch*>calloc(1, sizeof(batch))
        if (self.senders == NULL or self.receivers == NULL or self.latency == NULL
                or self.batch == NULL):
            raise MemoryError
        self.sender_capacity, self.capacity = senders, capacity
        self.epoll = epoll_create1(0)
        self.timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK)
        watch(self.epoll, self.timer)
        self.srtp_protect = <SrtpFunction><uintptr_t>srtp_addresses["srtp_protect"]
        self.srtp_unprotect = <SrtpFunction><uintptr_t>srtp_addresses["srtp_unprotect"]
        self.srtp_protect_rtcp = <SrtpFunction><uintptr_t>srtp_addresses["srtp_protect_rtcp"]
        self.srtp_unprotect_rtcp = <SrtpFunction><uintptr_t>srtp_addresses["srtp_unprotect_rtcp"]

    def __dealloc__(self):
        cdef int number
        for number in range(self.count):
            free(self.receivers[number].flows)
        close(self.epoll)
        close(self.timer)
        free(self.senders)
        free(self.receivers)
        free(self.latency)
        free(self.batch)

    def add_sender(self, int fd, uintptr_t protect, uintptr_t unprotect, bytes check, ssrcs):
        """One more sender: socket, SRTP sessions to and from the server, consent check and SSRCs
        (audio, video). ValueError beyond the capacity.
        """
        if self.sender_count == self.sender_capacity:
            raise ValueError(f"room for {self.sender_capacity} senders")
        cdef Sender* sender = &self.senders[self.sender_count]
        cdef int stream
        control_set(&sender.control, fd, protect, check)
        sender.unprotect = <void*>unprotect
        sender.keyframe_wanted = True
        for stream in range(STREAMS):
            sender.ssrc[stream] = ssrcs[stream]
        watch(self.epoll, fd)
        self.sender_count += 1

    def add_receiver(
            self, int fd, uintptr_t protect, uintptr_t unprotect, bytes check, int first_sender=0,
            int senders=1, *, bint drop=False):
        """One more, of `senders` from the first; `drop` as in `drop_except`. ValueError: full.
        Another thread may do so during a run.
        """
        if self.count == self.capacity:
            raise ValueError(f"room for {self.capacity} receivers")
        cdef Receiver* receiver = &self.receivers[self.count]
        control_set(&receiver.control, fd, protect, check)
        receiver.unprotect = <void*>unprotect
        receiver.first_sender, receiver.sender_count = first_sender, senders
        receiver.flows = <Flow*>calloc(senders * STREAMS, sizeof(Flow))
        if receiver.flows == NULL:
            raise MemoryError
        for flow in range(senders * STREAMS):
            receiver.flows[<int>flow].next_seq = 0x10000
        timestamp(fd)
        if drop:
            self._drop(receiver)
        self.count += 1                       # last: a run reads it meanwhile

    def drop_except(self, int live):
        """Let the kernel count and drop the media of all receivers but `live`, evenly spread.

        As if they were on a network: the server's core pays for sending, not for their sockets.
        """
        cdef int number
        for number in range(self.count):
            if number * live // self.count != (number - 1) * live // self.count or number == 0:
                continue
            self._drop(&self.receivers[number])

    cdef int _drop(self, Receiver* receiver) except -1:
        cdef int most = CONTROL_BYTES + receiver.sender_count * STREAMS * REPORT_BYTES
        receiver.dropping = True
        if drop_media(receiver.control.fd, most) < 0:
            raise OSError("SO_ATTACH_FILTER")

    def set_trace(self, rows, int64_t period_us, payload_types, clock_rates):
        """What all senders play, each from a place of its own; the lists are for (audio, video)."""
        if rows.dtype.itemsize != sizeof(Row):
            raise ValueError("trace.ROW and Row differ")
        self.rows_owner = rows
        self.rows = <Row*><uintptr_t>rows.ctypes.data
        self.row_count = <int>len(rows)
        self.period_us = period_us
        cdef int stream, number
        for stream in range(STREAMS):
            self.pt[stream] = payload_types[stream]
            self.ts_rate[stream] = clock_rates[stream]
        for number in range(self.sender_count):
            self.senders[number].row = rows_beginning(
                self.rows, self.row_count, number * self.row_count // self.sender_count)
        self.playing = 0
        self.play(self.sender_count)

    def play(self, int senders):
        """From the next run on only the first so many senders play; the others only stay there."""
        cdef int64_t now_us = (self.stopped_ns - self.start_ns) // 1000
        cdef int number
        for number in range(self.playing, senders):
            self.senders[number].offset_us = (
                now_us + number * PHASE_US % FRAME_US
                - self.rows[self.senders[number].row].time_us)
        self.playing = senders

    def fill_hall(self):
        """Before the first run: who does not play pauses (DTX), and all say how loud they are."""
        self.hall = True
        for number in range(self.sender_count):
            self.senders[number].pause_us = number * PAUSE_US // self.sender_count

    def renew(self):
        """Consent of everybody, for those who were not played to for longer than it lasts."""
        cdef int number
        for number in range(self.sender_count):
            control_check(&self.senders[number].control)
        for number in range(self.count):
            control_check(&self.receivers[number].control)

    def run(self, double seconds):
        """Send and receive for so long; the trace goes on where the last run left it."""
        cdef int64_t now_ns = clock_ns(CLOCK_MONOTONIC)
        self.stopped = False
        self.start_ns += now_ns - self.stopped_ns if self.start_ns else now_ns + TICK_NS
        with nogil:
            self._loop(now_ns + <int64_t>(seconds * 1e9))
        self.stopped_ns = clock_ns(CLOCK_MONOTONIC)

    def stop(self):
        """End the run that another thread is in."""
        self.stopped = True

    def drain(self):
        """Receive what is left, without sending."""
        with nogil:
            self._receive_all(sending=False)

    def open_window(self):
        """From the next packet on, count."""
        cdef int number
        memset(self.latency, 0, LATENCY_BUCKETS * sizeof(uint64_t))
        self.late_ns = 0
        for number in range(self.sender_count):
            window_open_sender(&self.senders[number])
        for number in range(self.count):
            window_open_receiver(&self.receivers[number])

    def close_window(self):
        """Count no packet that is sent from now on; how many each sender has sent: (audio, video).
        """
        return [window_close(&self.senders[number]) for number in range(self.sender_count)]

    def report(self):
        """Packets by receiver: audio, video, gaps, unauthentic, wrong, dropped; and of the sender.

        Dropped: what the kernel dropped on our word, counted but not looked into.
        """
        rows = [window_row(&self.receivers[number]) for number in range(self.count)]
        return np.array(rows, dtype=np.int64).reshape(-1, 6), {
            "keyframe_requests": self.keyframe_requests,
            "feedback": self.feedback,
            "send_failures": self.send_failures,
            "late_us": self.late_ns // 1000,
        }

    def latency_histogram(self):
        """Packets by latency in us (the last bucket: and longer)."""
        return np.array(<uint64_t[:LATENCY_BUCKETS]>self.latency)

    cdef void _loop(self, int64_t end_ns) noexcept nogil:
        cdef epoll_event events[EVENTS]
        cdef int count, i
        cdef bint feedback
        cdef uint64_t expirations
        self._alarm(end_ns)
        while clock_ns(CLOCK_MONOTONIC) < end_ns and not self.stopped:
            count = epoll_wait(self.epoll, events, EVENTS, 100)
            feedback = False
            for i in range(count):
                if events[i].data.fd == self.timer:
                    read(self.timer, &expirations, sizeof(expirations))
                else:
                    feedback = True
            for i in range(self.sender_count if feedback else 0):
                self._receive_feedback(&self.senders[i])
            self._send_due()
            if self.tick >= self.next_receive:
                self._receive_all(sending=True)
                self.next_receive = self.tick + RECEIVE_TICKS
            self._alarm(end_ns)
        self._receive_all(sending=False)

    cdef void _alarm(self, int64_t end_ns) noexcept nogil:
        cdef int64_t due = min(self.start_ns + self.tick * TICK_NS, end_ns)
        cdef int number
        for number in range(self.playing):
            due = min(due, self._due_ns(&self.senders[number]))
        for number in range(self.playing, self.sender_count if self.hall else 0):
            due = min(due, self.start_ns + 1000 * self.senders[number].pause_us)
        alarm_at(self.timer, due)

    cdef inline int64_t _due_ns(self, const Sender* sender) noexcept nogil:
        return self.start_ns + 1000 * (sender.offset_us + self.rows[sender.row].time_us)

    cdef void _send_due(self) noexcept nogil:
        cdef int64_t now = clock_ns(CLOCK_MONOTONIC)
        cdef Sender* sender
        cdef int number
        for number in range(self.playing):
            sender = &self.senders[number]
            while self._due_ns(sender) <= now:
                self.late_ns = max(self.late_ns, now - self._due_ns(sender))
                self._send(sender, number, &self.rows[sender.row])
                sender.row += 1
                if sender.row == self.row_count:
                    sender.row = 0
                    sender.offset_us += self.period_us
        for number in range(self.playing, self.sender_count if self.hall else 0):
            self._send_pause(&self.senders[number], number, (now - self.start_ns) // 1000)
        while self.start_ns + self.tick * TICK_NS <= now:
            self._send_control()
            self.tick += 1

    cdef void _send_pause(self, Sender* sender, int number, int64_t now_us) noexcept nogil:
        cdef Row row
        if sender.pause_us > now_us:
            return
        memset(&row, 0, sizeof(row))
        row.payload_bytes = PAUSE_BYTES
        row.timestamp = <uint32_t>(now_us * self.ts_rate[0] // 1000000)
        self._send(sender, number, &row)
        sender.pause_us += PAUSE_US

    cdef void _send(self, Sender* sender, int number, Row* row) noexcept nogil:
        cdef uint8_t packet[2048]
        cdef int header = HEADER + (LEVEL_BYTES if self.hall else 0)
        cdef int stream = row.stream, size = header + row.payload_bytes
        cdef Stamp stamp
        cdef uint32_t index = sender.index[stream]
        if row.first:
            sender.frame_is_key = sender.keyframe_wanted
            sender.keyframe_wanted = False
        header_write(
            packet, self.pt[stream] | (row.marker << 7), index, row.timestamp
            + <uint32_t>(sender.offset_us * self.ts_rate[stream] // 1000000),
            sender.ssrc[stream], sender.transport_seq)
        sender.transport_seq += 1
        if self.hall:
            level_write(packet, index, number < self.playing)
        stamp.index, stamp.stream, stamp.sender = index, <uint8_t>stream, <uint16_t>number
        content_write(
            packet + header, &row.key[0] if sender.frame_is_key else &row.delta[0],
            row.payload_bytes, &stamp)
        sender.index[stream] += 1
        self.srtp_protect(sender.control.protect, packet, &size)
        self.send_failures += send(sender.control.fd, packet, size, MSG_DONTWAIT) != size

    cdef void _send_control(self) noexcept nogil:
        """A tick: those whose turn it is report (each second) and renew consent (each fifth)."""
        cdef int number = self.tick % SPREAD
        cdef bint check = (self.tick // SPREAD) % 5 == 0
        cdef int sender = number
        while sender < self.sender_count:
            control_report(
                &self.senders[sender].control, self.srtp_protect_rtcp,
                self.senders[sender].ssrc[1], check)
            sender += SPREAD
        while number < self.count:
            control_report(
                &self.receivers[number].control, self.srtp_protect_rtcp, 0x1000 + number, check)
            number += SPREAD

    cdef void _receive_all(self, bint sending) noexcept nogil:
        """Look at every receiver's socket; what is due to be sent meanwhile is not kept waiting."""
        cdef int number
        cdef bint more
        for number in range(self.count):
            more = True
            while more:
                more = self._receive(&self.receivers[number]) == BATCH
                if sending:
                    self._send_due()

    cdef int _receive(self, Receiver* receiver) noexcept nogil:
        cdef int got = batch_receive(self.batch, receiver.control.fd), i, size
        cdef uint8_t* packet
        for i in range(got):
            packet = self.batch.data[i]
            size = self.batch.message[i].msg_len
            if not is_rtp(packet, size):
                continue
            if self.srtp_unprotect(receiver.unprotect, packet, &size) != 0:
                receiver.unauthentic += 1
            elif not self._count(receiver, packet, size, batch_time_ns(self.batch, i)):
                receiver.wrong += 1
        return got

    cdef bint _count(self, Receiver* r, const uint8_t* packet, int size, int64_t at) noexcept nogil:
        """Is this plain packet what a sender of its room sent? Then it counts."""
        cdef Stamp stamp
        cdef Flow* flow
        cdef int64_t latency
        cdef uint32_t seq = (<uint32_t>packet[2] << 8) | packet[3]
        if not (content_read(packet, size, &stamp)
                and 0 <= stamp.sender - r.first_sender < r.sender_count):
            return False
        flow = &r.flows[(stamp.sender - r.first_sender) * STREAMS + stamp.stream]
        if window_count(flow, &self.senders[stamp.sender], &stamp, seq):
            latency = (at - stamp.sent_ns) // 1000
            self.latency[min(max(latency, 0), LATENCY_BUCKETS - 1)] += 1
        return True

    cdef void _receive_feedback(self, Sender* sender) noexcept nogil:
        cdef int got = batch_receive(self.batch, sender.control.fd), i, size, requests
        cdef uint8_t* packet
        for i in range(got):
            packet = self.batch.data[i]
            size = self.batch.message[i].msg_len
            if size < 8 or packet[0] >> 6 != 2 or is_rtp(packet, size) or (
                    self.srtp_unprotect_rtcp(sender.unprotect, packet, &size) != 0):
                continue
            requests = control_requests(packet, size, &self.feedback)
            self.keyframe_requests += requests
            sender.keyframe_wanted |= requests > 0
