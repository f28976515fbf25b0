from django.contrib.auth.hashers import Argon2PasswordHasher


class SizedArgon2(Argon2PasswordHasher):
    """Argon2id at 46 MiB on one lane, so that a burst of log-ons does not exhaust a small machine."""

    memory_cost = 46 * 1024
    time_cost = 1
    parallelism = 1
