import pytest

from ems_site.lists import running


@pytest.fixture
def client(manager, signed_in):
    return signed_in(manager)


@pytest.fixture
def worked_at_once(monkeypatch):
    """Batches are gone through in the test's own thread, which sees the test's transaction."""
    monkeypatch.setattr(running, "PAUSE", 0)
    monkeypatch.setattr(running, "_start", lambda key, context: context.run(running.work, key))
