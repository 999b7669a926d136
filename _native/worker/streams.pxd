"""What becomes of streams by command: their life, their receivers, their taps and replicas."""

from fastsfu._native.forwarding.command cimport Head
from fastsfu._native.forwarding.state cimport Worker
from fastsfu._native.media.stream cimport InboundStream, OutboundStream

cdef void create_inbound(Worker* worker, const Head* head) noexcept nogil
cdef void create_replica(Worker* worker, const Head* head) noexcept nogil
cdef void close_inbound(Worker* worker, InboundStream* stream, const Head* head) noexcept nogil
cdef void pause_inbound(Worker* worker, InboundStream* stream, const Head* head) noexcept nogil
cdef void pin_inbound(Worker* worker, InboundStream* stream, const Head* head) noexcept nogil
cdef void request_keyframe(Worker* worker, InboundStream* stream, const Head* head) noexcept nogil
cdef void tap(Worker* worker, InboundStream* stream, const Head* head) noexcept nogil
cdef void untap(Worker* worker, InboundStream* stream, const Head* head) noexcept nogil
cdef void create_outbound(Worker* worker, const Head* head) noexcept nogil
cdef void pause_outbound(Worker* worker, OutboundStream* stream, const Head* head) noexcept nogil
cdef void set_preference(Worker* worker, OutboundStream* stream, const Head* head) noexcept nogil
# Says BYE, then frees it.
cdef void close_outbound(Worker* worker, OutboundStream* stream, const Head* head) noexcept nogil
# Also when their transport goes, or the worker ends; a replica too.
cdef void free_inbound(Worker* worker, InboundStream* stream) noexcept nogil
cdef void free_outbound(Worker* worker, OutboundStream* stream) noexcept nogil
