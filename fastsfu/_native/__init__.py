"""The typed face of the compiled modules; their sources stand in `_native/`."""
