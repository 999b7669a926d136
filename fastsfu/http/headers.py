"""What every HTTP answer carries so that the browser keeps the page safe (promise P7).

No third-party origins, no framing unless configured, no referrer (the page's URL may hold a token),
camera, microphone and screen for this origin alone, HTTPS from now on (RFC 6797).
"""

from collections.abc import Sequence
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

PERMISSIONS = {
    **dict.fromkeys(("camera", "microphone", "display-capture", "fullscreen"), "(self)"),
    **dict.fromkeys(("autoplay", "screen-wake-lock"), "(self)"),
    **dict.fromkeys(("geolocation", "payment", "usb", "midi", "serial", "hid"), "()"),
}


class SecurityHeaders:
    """ASGI middleware; a header that the application has set itself stays."""

    def __init__(
        self, app: ASGIApp, frame_ancestors: str = "'none'", alternates: Sequence[str] = ()
    ) -> None:
        """`alternates`: base URLs of servers that pages may go to."""
        self._app = app
        self._headers = {
            "Strict-Transport-Security": "max-age=31536000",
            "Content-Security-Policy": content_security_policy(frame_ancestors, alternates),
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Permissions-Policy": ", ".join(f"{name}={who}" for name, who in PERMISSIONS.items()),
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_with_headers if scope["type"] == "http" else send)


def content_security_policy(frame_ancestors: str, alternates: Sequence[str] = ()) -> str:
    """The policy of all pages: everything from this origin, nothing inline, nothing else.

    Signaling may go to `alternates` too.
    """
    signaling = [f"wss://{urlsplit(each).netloc}" for each in alternates]
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            " ".join(("connect-src 'self'", *signaling)),
            "img-src 'self' data:",
            "media-src 'self' blob:",
            "font-src 'self'",
            "manifest-src 'self'",
            "base-uri 'none'",
            "form-action 'self'",
            f"frame-ancestors {frame_ancestors}",
        )
    )
