"""The browsers and servers of tests/interop, for promises that only browsers can show."""

from tests.interop.conftest import (
    browser,
    direct_server,
    open_direct,
    open_patient,
    patient_server,
    room,
)

__all__ = ["browser", "direct_server", "open_direct", "open_patient", "patient_server", "room"]
