"""Servers that tests make in their own process leave no trace."""

import pytest
from jupyter_client.provisioning.factory import KernelProvisionerFactory


@pytest.fixture(autouse=True, scope="module")
def provisioner_of_its_own():
    """Which kind of kernel is started is known to all of a process; other files start ordinary ones."""
    yield
    KernelProvisionerFactory.clear_instance()
