"""`suite`: each test that takes it runs once with each maker; `master`: once with each profile."""

import pytest

from tests.native.crypto.support import MAKERS, PROFILES, Master
from tests.native.faces.srtp import CryptoSuite


@pytest.fixture(params=MAKERS)
def suite(request: pytest.FixtureRequest) -> CryptoSuite:
    return CryptoSuite(MAKERS[request.param])


@pytest.fixture(params=PROFILES)
def master(request: pytest.FixtureRequest) -> Master:
    return Master.random(request.param)
