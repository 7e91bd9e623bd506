"""A Hub on this machine: one model, a storage server beside it, and a count of every byte sent."""

import hashlib
import http.server
import json
import random
import re
import socket
import threading
import time
import urllib.parse

COMMIT = "c" * 40
PIECE = 16 * 1024  # written to a socket at once


def git_hash(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


class Pace:
    """Bytes per second that all connections of a server share."""

    def __init__(self, bytes_per_s: float):
        self.bytes_per_s = bytes_per_s
        self.lock = threading.Lock()
        self.next = 0.0

    def wait(self, count: int) -> None:
        with self.lock:
            self.next = max(self.next, time.monotonic()) + count / self.bytes_per_s
            pause = self.next - time.monotonic()
        if pause > 0:
            time.sleep(pause)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, hub: "FakeHub", handler: type):
        self.hub = hub
        super().__init__(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request, client_address) -> None:
        pass  # clients that are killed leave in the middle of everything


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def setup(self) -> None:
        # What lies in a socket's buffer counts as sent, although a killed client never saw it.
        self.request.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 32 * 1024)
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().setup()

    def log_message(self, *_) -> None:
        pass

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def refuse(self, status: int, code: str) -> None:
        self.answer(status, json.dumps({"error": code}).encode(), X_Error_Code=code)

    def do_HEAD(self) -> None:
        self.do_GET()


class HubHandler(Handler):
    def do_GET(self) -> None:
        hub = self.server.hub
        path = urllib.parse.unquote(urllib.parse.urlsplit(self.path).path)
        query = urllib.parse.urlsplit(self.path).query
        if path == "/api/whoami-v2":
            self.whoami()
        elif hub.token and self.headers.get("Authorization") != f"Bearer {hub.token}":
            self.refuse(401, "GatedRepo")
        elif path == "/api/models":
            self.search(query)
        elif path in (f"/api/models/{hub.repository}/revision/{name}" for name in hub.revisions):
            self.answer(200, json.dumps(hub.info()).encode(), Content_Type="application/json")
        elif path in (f"/api/models/{hub.repository}/tree/{name}" for name in hub.revisions):
            self.answer(200, json.dumps(hub.tree()).encode(), Content_Type="application/json")
        elif found := re.fullmatch(rf"/{hub.repository}/resolve/({'|'.join(hub.revisions)})/(.+)",
                                   path):
            self.resolve(found[2])
        else:
            self.refuse(404, "RepoNotFound")

    def whoami(self) -> None:
        account = self.server.hub.accounts.get(
            self.headers.get("Authorization", "").removeprefix("Bearer "))
        if account is None:
            self.answer(401, b'{"error":"Invalid credentials in Authorization header"}')
        else:
            self.answer(200, json.dumps(account).encode(), Content_Type="application/json")

    def search(self, query: str) -> None:
        """The model on the first page; nothing on the second."""
        hub = self.server.hub
        hub.searches.append(query)
        if "cursor=" in query:
            self.answer(200, b"[]", Content_Type="application/json")
        else:
            found = hub.found or [hub.info()]
            self.answer(200, json.dumps(found).encode(), Content_Type="application/json",
                        Link=f'<{hub.hub.url}/api/models?{query}&cursor=x%3D%3D>; rel="next"')

    def resolve(self, path: str) -> None:
        hub = self.server.hub
        content = hub.files.get(path)
        if content is None:
            self.refuse(404, "EntryNotFound")
        elif path in hub.lfs:
            self.answer(302, X_Repo_Commit=COMMIT, ETag=f'"{git_hash(content)}"',
                        X_Linked_ETag=f'"{hashlib.sha256(content).hexdigest()}"',
                        X_Linked_Size=str(len(content)),
                        Location=f"{hub.storage.url}/{urllib.parse.quote(path)}?signature=1")
        else:
            self.answer(200, content, X_Repo_Commit=COMMIT, ETag=f'"{git_hash(content)}"')


class StorageHandler(Handler):
    def do_GET(self) -> None:
        hub = self.server.hub
        if self.headers.get("Authorization"):
            hub.faults.append("the token went to the storage")
        content = hub.files[urllib.parse.unquote(urllib.parse.urlsplit(self.path).path[1:])]
        begin, end = 0, len(content)
        if asked := re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", "")):
            begin = int(asked[1])
            end = int(asked[2] or end - 1) + 1
        self.send_response(206 if asked else 200)
        self.send_header("ETag", '"storage"')
        if asked:
            self.send_header("Content-Range", f"bytes {begin}-{end - 1}/{len(content)}")
        self.send_header("Content-Length", str(end - begin))
        self.end_headers()
        if self.command != "HEAD":
            self.send_paced(memoryview(content)[begin:end])

    def send_paced(self, content: memoryview) -> None:
        hub = self.server.hub
        cut = hub.random.randrange(len(content)) if hub.random.random() < hub.cuts else None
        for at in range(0, len(content), PIECE):
            if cut is not None and at >= cut:
                self.close_connection = True
                self.request.shutdown(socket.SHUT_RDWR)
                return
            piece = content[at:at + PIECE]
            if hub.pace:
                hub.pace.wait(len(piece))
            with hub.lock:
                hub.sent += len(piece)
            self.request.sendall(piece)


class FakeHub:
    """Use as a context manager. Files of `lfs` lie on the storage; `cuts` of its answers are cut."""

    def __init__(self, files: dict[str, bytes], lfs=(), repository: str = "org/model",
                 bytes_per_s: float | None = None, token: str = "", cuts: float = 0.0):
        self.files, self.lfs, self.repository = files, set(lfs), repository
        self.token, self.cuts = token, cuts
        self.pace = Pace(bytes_per_s) if bytes_per_s else None
        self.revisions = ("main", COMMIT)
        self.random = random.Random(7)
        self.lock = threading.Lock()
        self.sent = 0
        self.faults: list[str] = []
        self.searches: list[str] = []  # the queries
        self.found: list[dict] = []  # what a search finds; empty: the model
        self.accounts: dict[str, dict] = {}  # by token
        self.hub, self.storage = Server(self, HubHandler), Server(self, StorageHandler)

    def __enter__(self) -> "FakeHub":
        for server in (self.hub, self.storage):
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_) -> None:
        for server in (self.hub, self.storage):
            server.shutdown()
            server.server_close()

    def info(self) -> dict:
        return {"id": self.repository, "sha": COMMIT, "gated": False, "private": False,
                "downloads": 1, "likes": 1, "tags": ["mlx"],
                "siblings": [{"rfilename": path} for path in self.files]}

    def tree(self) -> list[dict]:
        return [self.entry(path, content) for path, content in self.files.items()]

    def entry(self, path: str, content: bytes) -> dict:
        entry = {"type": "file", "path": path, "oid": git_hash(content), "size": len(content)}
        if path in self.lfs:
            entry["lfs"] = {"oid": hashlib.sha256(content).hexdigest(), "size": len(content),
                            "pointerSize": 134}
        return entry
