"""Values that a transport is set up with: ICE credentials and candidates, the DTLS certificate."""
