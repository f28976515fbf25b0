from tests.accounts.conftest import cheap_passwords  # noqa: F401
