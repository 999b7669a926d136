"""Arguments into command structs; see request.pxd."""

from libc.stdint cimport uint8_t, uint16_t, uint32_t
from libc.string cimport memcpy, memset

from fastsfu._native.base.net cimport getrandom
from fastsfu._native.engine.voices cimport RoomVoices
from fastsfu._native.forwarding.command cimport (
    MAX_PAYLOAD_TYPES, CreateInbound, CreateOutbound, SetExtensions,
)
from fastsfu._native.media.stream cimport CNAME_CAPACITY, MID_CAPACITY, RID_CAPACITY
from fastsfu._native.media.voices cimport voices_hold
from fastsfu._native.packet.rtp cimport EXT_KINDS
from fastsfu._native.peer.ice cimport (
    ICE_PASSWORD_SIZE, ICE_REMOTE_PASSWORD_MAX, ICE_REMOTE_UFRAG_MAX, ICE_UFRAG_SIZE,
    IceCredentials,
)


cdef IceCredentials request_credentials(
        str local_ufrag, str local_password, str remote_ufrag, str remote_password) except *:
    cdef IceCredentials ice
    cdef bytes ufrag = local_ufrag.encode("ascii")
    cdef bytes password = local_password.encode("ascii")
    cdef bytes remote = remote_ufrag.encode("ascii")
    cdef bytes theirs = remote_password.encode("ascii")
    if len(ufrag) != ICE_UFRAG_SIZE or len(password) != ICE_PASSWORD_SIZE:
        raise ValueError(
            f"our ufrag has {ICE_UFRAG_SIZE} characters and our password {ICE_PASSWORD_SIZE}, "
            f"not {len(ufrag)} and {len(password)}")
    if not 4 <= len(remote) <= ICE_REMOTE_UFRAG_MAX:       # RFC 8839 section 5.4
        raise ValueError(f"a ufrag has 4 to {ICE_REMOTE_UFRAG_MAX} characters, not {len(remote)}")
    if not 22 <= len(theirs) <= ICE_REMOTE_PASSWORD_MAX:
        raise ValueError(
            f"a password has 22 to {ICE_REMOTE_PASSWORD_MAX} characters, not {len(theirs)}")
    memset(&ice, 0, sizeof(ice))
    memcpy(ice.ufrag, <const char*>ufrag, len(ufrag))
    memcpy(ice.password, <const char*>password, len(password))
    memcpy(ice.remote_ufrag, <const char*>remote, len(remote))
    ice.remote_ufrag_size = <uint16_t>len(remote)
    memcpy(ice.remote_password, <const char*>theirs, len(theirs))
    ice.remote_password_size = <uint16_t>len(theirs)
    return ice


cdef int request_extensions(SetExtensions* command, extensions) except -1:
    for kind, id in extensions.items():
        if not (0 <= kind < EXT_KINDS and 1 <= id <= 255):
            raise ValueError(
                f"header extension {kind} with id {id}: kinds are 0..{EXT_KINDS - 1}, ids 1..255")
        command.id_of_kind[<int>kind] = id
    return 0


cdef int request_inbound(
        CreateInbound* command, int kind, str mid, str rid, ssrc, rtx_ssrc, payload_types,
        bint nack, bint fir, bint remb, RoomVoices voices) except -1:
    cdef bytes name = mid.encode()
    cdef bytes encoding = rid.encode()
    if not 1 <= len(name) <= MID_CAPACITY:
        raise ValueError(f"a MID is 1 to {MID_CAPACITY} bytes long, not {len(name)}")
    if len(encoding) > RID_CAPACITY:
        raise ValueError(f"a RID is at most {RID_CAPACITY} bytes long, not {len(encoding)}")
    check_payload_types(payload_types)
    command.kind = kind
    command.ssrc = ssrc or 0
    command.rtx_ssrc = rtx_ssrc or 0
    command.nack = nack
    command.fir = fir
    command.remb = remb
    command.mid_size = <uint8_t>len(name)
    memcpy(command.mid, <const char*>name, len(name))
    command.rid_size = <uint8_t>len(encoding)
    memcpy(command.rid, <const char*>encoding, len(encoding))
    command.payload_type_count = len(payload_types)
    for i, (pt, codec, clock_rate, rtx_pt) in enumerate(payload_types):
        command.payload_types[<int>i].pt = pt
        command.payload_types[<int>i].codec = codec
        command.payload_types[<int>i].clock_rate = clock_rate
        command.payload_types[<int>i].rtx_pt = rtx_pt
    if voices is not None:
        command.voices = voices.board
        voices_hold(voices.board)
    return 0


cdef int request_outbound(
        CreateOutbound* command, ssrc, rtx_ssrc, payload_types, str cname, str mid,
        bint numbered, bint paused) except -1:
    cdef bytes name = cname.encode()
    cdef bytes section = mid.encode()
    if len(name) > CNAME_CAPACITY:
        raise ValueError(f"a CNAME is at most {CNAME_CAPACITY} bytes long, not {len(name)}")
    if len(section) > MID_CAPACITY:
        raise ValueError(f"a MID is at most {MID_CAPACITY} bytes long, not {len(section)}")
    check_payload_types(payload_types)
    command.ssrc = ssrc
    command.rtx_ssrc = rtx_ssrc or 0
    command.numbered = numbered
    command.paused = paused
    command.cname_size = <uint8_t>len(name)
    memcpy(command.cname, <const char*>name, len(name))
    command.mid_size = <uint8_t>len(section)
    memcpy(command.mid, <const char*>section, len(section))
    command.payload_type_count = len(payload_types)
    for i, (source_pt, pt, rtx_pt) in enumerate(payload_types):
        command.payload_types[<int>i].source_pt = source_pt
        command.payload_types[<int>i].pt = pt
        command.payload_types[<int>i].rtx_pt = rtx_pt
    return 0


cdef void draw(uint32_t* numbers, int count) noexcept:
    memset(numbers, 0, count * sizeof(uint32_t))
    getrandom(numbers, count * sizeof(uint32_t), 0)


cdef int check_payload_types(payload_types) except -1:
    if not 1 <= len(payload_types) <= MAX_PAYLOAD_TYPES:
        raise ValueError(f"1 to {MAX_PAYLOAD_TYPES} payload types, not {len(payload_types)}")
    for pt, *_ in payload_types:
        if not 0 <= pt <= 127:
            raise ValueError(f"a payload type is 0 to 127, not {pt}")
    return 0
