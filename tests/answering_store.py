"""A server that answers as a test says where an object store is expected, on loopback."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from unittest import mock

EMPTY_LISTING = b"<ListBucketResult><Name>photos</Name><IsTruncated>false</IsTruncated></ListBucketResult>"
# A body that ends one byte before the length that was promised.
BREAKS_OFF = b"the beginning"

# A request's method and path, and the status and body that answer it.
Answers = Callable[[str, str], tuple[int, bytes]]
_PIECE_BYTES = 64 * 1024


@contextmanager
def answering_store(answers: Answers, piece_seconds: float = 0.0) -> Iterator[None]:
    """Runs while the block does; the environment tells clients of it. It knows buckets of all names.

    A body comes in pieces of 64 KiB, with so many seconds after each.
    """

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            status, body = answers(self.command, self.path)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body) + (body is BREAKS_OFF)))
            self.close_connection = body is BREAKS_OFF
            self.send_header("Last-Modified", "Wed, 21 Oct 2015 07:28:00 GMT")
            self.send_header("ETag", '"1"')
            self.end_headers()
            if self.command != "HEAD":
                with suppress(ConnectionError):  # the client has gone
                    self._write(body)

        def _write(self, body: bytes) -> None:
            for start in range(0, len(body), _PIECE_BYTES):
                self.wfile.write(body[start : start + _PIECE_BYTES])
                time.sleep(piece_seconds)

        def do_HEAD(self) -> None:
            self.do_GET()

        def log_message(self, *_: object) -> None:
            """Nothing is told."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    environment = {
        "AWS_ACCESS_KEY_ID": "tests",
        "AWS_SECRET_ACCESS_KEY": "tests",
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}",
    }
    try:
        with mock.patch.dict(os.environ, environment):
            yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
