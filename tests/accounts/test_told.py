"""What people are told by mail about their log-on: from a new network, and when it is locked."""

import pytest

from ems_site.accounts.models import LogOn

pytestmark = pytest.mark.django_db


@pytest.fixture
def enter(log_on, mail_at_once, django_capture_on_commit_callbacks):
    def enter(address, password=None):
        given = {} if password is None else {"password": password}
        with django_capture_on_commit_callbacks(execute=True):
            return log_on(REMOTE_ADDR=address, **given)

    return enter


def test_each_log_on_is_noted(enter, user):
    enter("127.0.0.1")
    enter("127.0.0.2")
    enter("127.0.0.3", "wrong")
    assert [noted.client_address for noted in user.log_ons.all()] == ["127.0.0.2", "127.0.0.1"]


@pytest.mark.parametrize(
    ("before", "now", "told"),
    [
        ([], "127.0.0.1", 0),
        (["127.0.0.200"], "127.0.0.1", 0),
        (["127.0.1.1"], "127.0.0.1", 1),
        (["127.0.1.1", "127.0.0.9"], "127.0.0.1", 0),
        (["2001:db8::1"], "127.0.0.1", 1),
        (["10.0.0.1"], "::1", 1),
        (["::2"], "::1", 0),
        (["", "127.0.0.7"], "127.0.0.1", 0),
    ],
)
def test_a_new_network_is_told(before, now, told, enter, user, mailoutbox):
    for address in before:
        LogOn.objects.create(user=user, client_address=address)
    enter(now)
    assert len(mailoutbox) == told
    if told:
        assert mailoutbox[0].to == ["anna@example.com"]
        assert now in mailoutbox[0].body


def test_a_lock_is_told_once_an_hour(enter, user, mailoutbox):
    for _ in range(14):
        enter("127.0.0.1", "a wrong password")
    assert len(mailoutbox) == 1
    assert "127.0.0.1" in mailoutbox[0].body
    for _ in range(11):
        enter("127.0.9.1", "a wrong password")
    assert len(mailoutbox) == 1
