"""A server of the binary under test."""

import http.server
import os
import re
import signal
import subprocess
import tempfile
import threading

PATIENCE_S = 60

ROUTES = """
[[route]]
match = "greet"
invoker = "mock"
result = { greeting = "hello" }

[[route]]
match = "fail"
invoker = "mock"
sequence = [{ error = { name = "Order.Refused", cause = "no stock" } }]

[[route]]
match = "recover"
invoker = "mock"
sequence = [{ error = { name = "Order.Refused", cause = "no stock" } }, { result = { stock = 1 } }]

[[route]]
match = "arn:aws:states:::sqs:sendMessage*"
invoker = "http"
url = "http://127.0.0.1:%d/"
"""


class Queue(http.server.BaseHTTPRequestHandler):
    """Takes messages. What a callback's message holds is seen in its execution's history."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        answer = b'{"MessageId": "1"}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


class Server:
    """Runs from its making until it is stopped."""

    def __init__(self, *options):
        self.directory = tempfile.TemporaryDirectory()
        self.queue = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Queue)
        threading.Thread(target=self.queue.serve_forever, daemon=True).start()
        with open(os.path.join(self.directory.name, "stepwell.toml"), "w") as file:
            file.write(ROUTES % self.queue.server_port)
        command = [os.environ["STEPWELL"], "serve", "--memory", "--addr", "127.0.0.1:0", *options]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        self.process = subprocess.Popen(
            command, cwd=self.directory.name, env=environment, stderr=subprocess.PIPE, text=True
        )
        self.said = []
        self.url = self._address()
        # Nobody is to wait for room in the pipe.
        threading.Thread(target=self.said.extend, args=(self.process.stderr,), daemon=True).start()

    def _address(self):
        for line in self.process.stderr:
            self.said.append(line)
            found = re.search(r"https?://[\d.]+:\d+", line)
            if found:
                return found.group()
        raise RuntimeError("the server did not start: " + "".join(self.said))

    @property
    def port(self):
        return self.url.rsplit(":", 1)[1]

    def stop(self):
        """Asks it to end, and gives its exit status."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(PATIENCE_S)
        finally:
            self.process.kill()
            self.queue.shutdown()
            self.queue.server_close()
            self.directory.cleanup()
