"""Somebody who may send, with the gateway's side of their account."""

import pytest

from portal.sandbox.client import SandboxControl
from tests.integration.messages.conftest import Sender, make_sender
from tests.integration.messages.test_gateway_reports import Gateway
from tests.support.application.portal import Portal


@pytest.fixture
def gateway(portal: Portal, control: SandboxControl) -> Gateway:
    return Gateway(make_sender(portal, control))


@pytest.fixture
def sender(gateway: Gateway) -> Sender:
    return gateway.sender
