"""Run N requests through the WSGI handler in this process; print the CPU milliseconds of one."""

import io
import sys
import time

import django
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler

django.setup(set_prefix=False)
# allauth starts with its middleware alone; what is measured does without it
settings.MIDDLEWARE = settings.MEASURED
application = WSGIHandler()


def ask() -> None:
    """One request to the chain's host."""
    status: list[str] = []
    answer = application(
        {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": "/stores",
            "SERVER_NAME": "overhead.tessera.test",
            "SERVER_PORT": "80",
            "HTTP_HOST": "overhead.tessera.test",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "wsgi.input": io.BytesIO(),
            "wsgi.errors": sys.stderr,
            "wsgi.url_scheme": "http",
        },
        lambda line, headers: status.append(line),
    )
    body = b"".join(answer)
    answer.close()
    assert status[0].startswith("200"), (status, body[:300])


count = int(sys.argv[1])
for _ in range(30):
    ask()
begun = time.process_time()
for _ in range(count):
    ask()
sys.stdout.write(f"{(time.process_time() - begun) / count * 1000}\n")
