"""The edges that speak HTTP: pages, signaling, WHIP, WHEP, metrics; all under TLS."""
