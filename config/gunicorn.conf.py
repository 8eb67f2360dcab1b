"""gunicorn's settings: a few forked workers with threads, the application loaded once before the fork."""

from __future__ import annotations

import os

workers = int(os.environ.get("WEB_WORKERS", "2"))
threads = int(os.environ.get("WEB_THREADS", "4"))
worker_class = "web_worker.Worker"
preload_app = True
timeout = 60
graceful_timeout = 20
keepalive = 5
# Bounds what a slowly growing worker may hold; the jitter keeps two from restarting together.
max_requests = 5000
max_requests_jitter = 500
accesslog = "-"
errorlog = "-"
# The path without its query: searches and tokens stay out of logs.
access_log_format = '%(h)s %(t)s "%(m)s %(U)s" %(s)s %(b)s %(M)sms'


def post_fork(server, worker):  # noqa: ANN001, ANN201, ARG001
    """Give each worker database connections of its own: sockets shared by two processes mix their answers."""
    from ckan import model

    model.Session.remove()
    engine = model.meta.engine
    if engine is not None:
        engine.dispose(close=False)
