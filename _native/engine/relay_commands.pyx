"""The event loop's orders to a worker's relay; the contract is in engine.pyi.

Without a relay, and when the engine is closed, they come to nothing.
"""

from libc.stdint cimport uint16_t
from libc.string cimport memcpy, memset

from fastsfu._native.engine.relay_request cimport request_address
from fastsfu._native.forwarding.command cimport (
    COMMAND_ADMIT_USER, COMMAND_FORGET_CLIENT, COMMAND_REVOKE_USER, MAX_USER_BYTES, ForgetClient,
    RelayUser,
)
from fastsfu._native.turn.relay cimport relay_has_port


cdef class RelayCommands:
    def forget_client(self, str ip, int port):
        cdef ForgetClient command
        memset(&command, 0, sizeof(command))
        command.head.kind = COMMAND_FORGET_CLIENT
        request_address(&command.address, ip, port)
        if self.commands is not None:
            self.commands.end(&command.head, sizeof(command))

    def admit(self, str user):
        self.tell(COMMAND_ADMIT_USER, user.encode())

    def revoke(self, str user):
        self.tell(COMMAND_REVOKE_USER, user.encode())

    def has_port(self, uint16_t port):
        return relay_has_port(port)

    # Those that find the ring full keep their order, and stop no session from coming or going.
    cdef tell(self, uint32_t kind, bytes user):
        cdef RelayUser command
        if len(user) > MAX_USER_BYTES:
            raise ValueError(f"a relay's user has at most {MAX_USER_BYTES} bytes, not {len(user)}")
        memset(&command, 0, sizeof(command))
        command.head.kind = kind
        command.size = <uint32_t>len(user)
        memcpy(command.name, <const char*>user, len(user))
        if self.commands is not None:
            self.commands.end(&command.head, sizeof(command))
