"""One file for each promise of docs/security.md that holds here."""
