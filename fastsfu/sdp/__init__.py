"""Session descriptions (RFC 8866): read an offer, choose, write the answer."""
