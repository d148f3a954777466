"""A model hub on this machine, for tests: the few addresses of the hub's HTTP interface that fetching a model needs."""

import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class PlainHub:
    """Serves the folders under one as repositories (OWNER/NAME). Enter it to start it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.fetched: list[str] = []
        self.breaks_off_after: int | None = None
        """Files of more bytes than this are cut off there."""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> "PlainHub":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def files(self, repository: str) -> list[Path]:
        return sorted(path for path in (self.folder / repository).rglob("*") if path.is_file())

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        hub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_HEAD(self) -> None:
                self.answer(with_body=False)

            def do_GET(self) -> None:
                self.answer(with_body=True)

            def answer(self, *, with_body: bool) -> None:
                parts = unquote(urlsplit(self.path).path).strip("/").split("/")
                if parts[:2] == ["api", "models"]:
                    self.describe("/".join(parts[2:4]), parts[4:])
                elif len(parts) > 4 and parts[2] == "resolve":
                    self.send_file(hub.folder / "/".join([*parts[:2], *parts[4:]]), with_body=with_body)
                else:
                    self.send_json({"error": "no such address"}, 404)

            def describe(self, repository: str, rest: list[str]) -> None:
                if not (hub.folder / repository).is_dir():
                    self.send_json({"error": "Repository not found"}, 404, {"X-Error-Code": "RepoNotFound"})
                    return
                root = hub.folder / repository
                listed = [(path.relative_to(root).as_posix(), path) for path in hub.files(repository)]
                if rest[:1] == ["tree"]:
                    self.send_json(
                        [
                            {"type": "file", "path": name, "size": path.stat().st_size, "oid": etag(path)}
                            for name, path in listed
                        ]
                    )
                else:
                    self.send_json(
                        {"id": repository, "sha": COMMIT, "siblings": [{"rfilename": name} for name, _ in listed]}
                    )

            def send_file(self, path: Path, *, with_body: bool) -> None:
                if not path.is_file():
                    self.send_json({"error": "Entry not found"}, 404, {"X-Error-Code": "EntryNotFound"})
                    return
                content = path.read_bytes()
                self.send_response(200)
                self.send_header("Content-Length", str(len(content)))
                self.send_header("ETag", f'"{etag(path)}"')
                self.send_header("X-Repo-Commit", COMMIT)
                self.end_headers()
                if not with_body:
                    return
                hub.fetched.append(path.name)
                if hub.breaks_off_after is not None and len(content) > hub.breaks_off_after:
                    self.wfile.write(content[: hub.breaks_off_after])
                    self.close_connection = True
                else:
                    self.wfile.write(content)

            def send_json(self, value: object, status: int = 200, headers: dict[str, str] | None = None) -> None:
                content = json.dumps(value).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                for name, text in (headers or {}).items():
                    self.send_header(name, text)
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(content)

            def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
                pass

        return Handler


def etag(path: Path) -> str:
    return hashlib.sha1(path.read_bytes(), usedforsecurity=False).hexdigest()
