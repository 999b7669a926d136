"""The parts of libusrsctp's usrsctp.h that SCTP over DTLS stands on. It calls back, with the
GIL held."""

from libc.stdint cimport uint8_t, uint16_t, uint32_t

cdef extern from "<usrsctp.h>":
    ctypedef unsigned int socklen_t
    enum:
        AF_CONN
        MSG_EOR
        MSG_NOTIFICATION
        SCTP_ASSOC_CHANGE
        SCTP_COMM_UP
        SCTP_COMM_LOST
        SCTP_SHUTDOWN_COMP
        SCTP_CANT_STR_ASSOC
        SCTP_RESTART
        SCTP_STREAM_RESET_EVENT
        SCTP_STREAM_RESET_INCOMING_SSN
        SCTP_STREAM_RESET_OUTGOING
        SCTP_ENABLE_STREAM_RESET
        SCTP_ENABLE_RESET_STREAM_REQ
        SCTP_RESET_STREAMS
        SCTP_NODELAY
        SCTP_INITMSG
        SCTP_EVENT
        SCTP_RECVRCVINFO
        SCTP_PEER_ADDR_PARAMS
        SPP_HB_DISABLE
        SPP_PMTUD_DISABLE
        SCTP_EVENT_WRITE
        SCTP_SENDV_SPA
        SCTP_SEND_SNDINFO_VALID
        SCTP_SEND_PRINFO_VALID
        SCTP_EOR
        SCTP_UNORDERED
        SCTP_PR_SCTP_TTL
        SCTP_PR_SCTP_RTX
    struct usrsctp_socket "socket":
        pass
    struct sockaddr:
        pass
    struct sockaddr_conn:
        uint16_t sconn_family
        uint16_t sconn_port
        void* sconn_addr
    struct sctp_rcvinfo:
        uint16_t rcv_sid
        uint32_t rcv_ppid
    struct sctp_sndinfo:
        uint16_t snd_sid
        uint16_t snd_flags
        uint32_t snd_ppid
    struct sctp_prinfo:
        uint16_t pr_policy
        uint32_t pr_value
    struct sctp_sendv_spa:
        uint32_t sendv_flags
        sctp_sndinfo sendv_sndinfo
        sctp_prinfo sendv_prinfo
    struct sctp_tlv:
        uint16_t sn_type
        uint32_t sn_length
    struct sctp_assoc_change:
        uint16_t sac_state
        uint16_t sac_outbound_streams
        uint16_t sac_inbound_streams
    struct sctp_stream_reset_event:
        uint16_t strreset_flags
        uint32_t strreset_length
        uint16_t strreset_stream_list[1]
    union sctp_notification:
        sctp_tlv sn_header
        sctp_assoc_change sn_assoc_change
        sctp_stream_reset_event sn_strreset_event
    struct sctp_event:
        uint16_t se_type
        uint8_t se_on
    struct sctp_initmsg:
        uint16_t sinit_num_ostreams
        uint16_t sinit_max_instreams
    struct sctp_assoc_value:
        uint32_t assoc_value
    struct sctp_paddrparams:
        sockaddr_conn spp_address     # a sockaddr_storage, which begins like it
        uint32_t spp_pathmtu
        uint32_t spp_flags
    ctypedef int (*Output)(void*, void*, size_t, uint8_t, uint8_t) noexcept
    ctypedef void (*Upcall)(usrsctp_socket*, void*, int) noexcept
    void usrsctp_init_nothreads(uint16_t port, Output output, void* debug)
    usrsctp_socket* usrsctp_socket_new "usrsctp_socket"(
        int domain, int type, int protocol, void* receive, void* send, uint32_t threshold,
        void* argument)
    int usrsctp_setsockopt(
        usrsctp_socket* so, int level, int name, const void* value, socklen_t size)
    int usrsctp_set_non_blocking(usrsctp_socket* so, int on)
    int usrsctp_set_upcall(usrsctp_socket* so, Upcall upcall, void* argument)
    int usrsctp_get_events(usrsctp_socket* so)
    int usrsctp_bind(usrsctp_socket* so, sockaddr* address, socklen_t size)
    int usrsctp_connect(usrsctp_socket* so, sockaddr* address, socklen_t size)
    void usrsctp_close(usrsctp_socket* so)
    void usrsctp_register_address(void* address)
    void usrsctp_deregister_address(void* address)
    void usrsctp_conninput(void* address, const void* packet, size_t size, uint8_t ecn_bits)
    void usrsctp_handle_timers(uint32_t elapsed_ms)
    long usrsctp_sendv(
        usrsctp_socket* so, const void* data, size_t size, sockaddr* to, int count, void* info,
        socklen_t info_size, unsigned int info_type, int flags)
    long usrsctp_recvv(
        usrsctp_socket* so, void* out, size_t capacity, sockaddr* source, socklen_t* source_size,
        void* info, socklen_t* info_size, unsigned int* info_type, int* flags)
    uint32_t usrsctp_sysctl_set_sctp_ecn_enable(uint32_t)
    uint32_t usrsctp_sysctl_set_sctp_asconf_enable(uint32_t)
    uint32_t usrsctp_sysctl_set_sctp_auth_enable(uint32_t)
    uint32_t usrsctp_sysctl_set_sctp_nrsack_enable(uint32_t)
    uint32_t usrsctp_sysctl_set_sctp_pktdrop_enable(uint32_t)
    uint32_t usrsctp_sysctl_set_sctp_sendspace(uint32_t)
    uint32_t usrsctp_sysctl_set_sctp_recvspace(uint32_t)
    uint32_t usrsctp_sysctl_set_sctp_delayed_sack_time_default(uint32_t)
    uint32_t usrsctp_sysctl_set_sctp_rto_min_default(uint32_t)
    uint32_t usrsctp_sysctl_set_sctp_rto_max_default(uint32_t)
    uint32_t usrsctp_sysctl_set_sctp_rto_initial_default(uint32_t)
    uint32_t usrsctp_sysctl_set_sctp_init_rto_max_default(uint32_t)
    uint32_t usrsctp_sysctl_set_sctp_init_rtx_max_default(uint32_t)
    uint32_t usrsctp_sysctl_set_sctp_assoc_rtx_max_default(uint32_t)
    uint32_t usrsctp_sysctl_set_sctp_path_rtx_max_default(uint32_t)
    uint32_t usrsctp_sysctl_set_sctp_max_chunks_on_queue(uint32_t)

cdef struct ResetOne:             # sctp_reset_streams with one stream in its list
    uint32_t association
    uint16_t flags
    uint16_t stream_count
    uint16_t stream
