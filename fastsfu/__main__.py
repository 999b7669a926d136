"""`python -m fastsfu` is the command line."""

from fastsfu.cli import main

main()
