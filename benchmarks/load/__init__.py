"""The load generator: real ICE, DTLS and SRTP from another process than the server."""
