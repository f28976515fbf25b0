"""Settings of gunicorn, which reads this file by itself when it starts in this folder."""

import os


def address() -> str:
    host = os.environ.get("HOST") or "127.0.0.1"
    port = os.environ.get("PORT") or "8000"
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


wsgi_app = "ems_site.wsgi"
bind = address()
worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY") or os.cpu_count() or 1)
threads = 4
control_socket_disable = True
# The longest search in any script, with its filters, and what else shapes a list.
limit_request_line = 8190

# Forwarded headers are Django's business (TRUSTED_PROXIES): gunicorn itself believes none of them.
forwarded_allow_ips = ""
secure_scheme_headers: dict[str, str] = {}
forwarder_headers = ""

# The product writes one line for each request itself, without query strings, which hold people's e-mails.
accesslog = None
loglevel = "warning"
