"""A call of two without the SFU: when to start, to switch and to go back."""
