"""Settings of gunicorn, which reads this file by itself when it starts in this folder."""

import os
from urllib.parse import quote

from gunicorn.glogging import Logger

DEMO = os.environ.get("EMS_DEMO") == "1"


class PathOnlyLogger(Logger):
    """An access log without query strings, which hold people's e-mails, and without forged lines."""

    def atoms(self, resp, req, environ, request_time):
        atoms = super().atoms(resp, req, environ, request_time)
        # gunicorn puts the decoded path here: quoted again, it cannot hold a line break.
        atoms["U"] = quote(environ.get("PATH_INFO", "").encode("latin-1", "replace"), safe="/")
        return atoms


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

# Forwarded headers are Django's business (TRUSTED_PROXIES): gunicorn itself believes none of them.
forwarded_allow_ips = ""
secure_scheme_headers: dict[str, str] = {}
forwarder_headers = ""

logger_class = PathOnlyLogger
loglevel = "warning" if DEMO else "info"
accesslog = None if DEMO else "-"
access_log_format = '%(h)s "%(m)s %(U)s %(H)s" %(s)s %(B)s bytes %(M)s ms'
