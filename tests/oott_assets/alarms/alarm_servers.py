"""A webhook and a mail server on this machine, which keep what they get."""

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_string, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import StreamRequestHandler, ThreadingTCPServer


class Webhook(ThreadingHTTPServer):
    """Answers with ``status``; None keeps the client waiting until the server ends."""

    status: int | None = 200

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _WebhookRequest)
        self.texts: list[str] = []
        self.ended = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/services/webhook-secret"


class _WebhookRequest(BaseHTTPRequestHandler):
    server: Webhook

    def do_POST(self) -> None:
        assert self.headers["Content-Type"] == "application/json"
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.texts.append(body["text"])
        if self.server.status is None:
            self.server.ended.wait(20)
            return
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Print nothing."""


class MailServer(ThreadingTCPServer):
    """Takes mails without encryption, unless ``is_full``; keeps the passwords of log-ins too."""

    daemon_threads = True
    is_full = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _MailSession)
        self.mails: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.log_ins: list[str] = []

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"


class _MailSession(StreamRequestHandler):
    server: MailServer

    def handle(self) -> None:
        self._answer("220 ready")
        while line := self.rfile.readline().decode().strip():
            command = line.split()[0].upper()
            if command == "EHLO":
                self._answer("250-mail", "250 AUTH PLAIN")
            elif command == "AUTH":
                self.server.log_ins.append(base64.b64decode(line.split()[-1]).decode())
                self._answer("235 welcome")
            elif command == "DATA":
                self._answer("354 go on")
                self._keep_mail()
            elif command == "RCPT":
                self.server.recipients.append(line.partition("<")[2].rstrip(">"))
                self._answer("452 full" if self.server.is_full else "250 ok")
            elif command == "QUIT":
                self._answer("221 bye")
                return
            else:
                self._answer("250 ok")

    def _keep_mail(self) -> None:
        lines = iter(lambda: self.rfile.readline().decode().rstrip("\r\n"), ".")
        mail = message_from_string("\n".join([*lines, ""]), policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.server.mails.append(mail)
        self._answer("250 ok")

    def _answer(self, *lines: str) -> None:
        self.wfile.write("".join(f"{line}\r\n" for line in lines).encode())


@contextmanager
def serving(server: Webhook | MailServer) -> Iterator[None]:
    """Answer in a thread."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield
    finally:
        if isinstance(server, Webhook):
            server.ended.set()
        server.shutdown()
        server.server_close()
        thread.join()
