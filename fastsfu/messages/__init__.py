"""App messages: what a room exchanges, and what each session sends and gets."""
