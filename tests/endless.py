"""A condition that takes longer than any time limit."""

from django.db import connection

ENDLESS = {
    "postgresql": "pg_sleep(60) IS NOT NULL",
    "sqlite": "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n) = 0",
}[connection.vendor]
