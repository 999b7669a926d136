"""What goes wrong in a call."""


class CallError(Exception):
    """`type` is one of the browser library's `error.type`, `info` a sentence for people."""

    def __init__(self, kind: str, info: str, *, fatal: bool = False) -> None:
        super().__init__(f"{kind}: {info}")
        self.type = kind
        self.info = info
        self.fatal = fatal
