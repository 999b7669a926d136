"""The edges that speak HTTP: pages, signaling over WebSocket, WHIP, WHEP, metrics. All under TLS."""
