"""What several tests share: browsers, clients, a server process, media."""
