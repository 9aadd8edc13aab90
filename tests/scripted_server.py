"""A small server on this machine that fails in the ways servers of models fail."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Server:
    """Answers with ``script``: for each request in turn a status, or a text; after that always ``ok``."""

    def __init__(self, script=()):
        self.script, self.bodies, self.paths, self.lock = list(script), [], [], threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with outer.lock:
                    outer.bodies.append(body)
                    outer.paths.append((self.path, self.headers.get("Authorization")))
                    step = outer.script.pop(0) if outer.script else "ok"
                if isinstance(step, int):
                    data = json.dumps({"error": {"message": f"status {step}"}}).encode()
                    self.send_response(step)
                    if step == 429:
                        self.send_header("Retry-After", "0.01")
                elif step == "cut":
                    self.send_response(200)
                    self.send_header("Content-Length", "1000")
                    self.end_headers()
                    self.wfile.write(b"{")
                    self.close_connection = True
                    return
                else:
                    reply: dict[str, object] = {
                        "choices": [{"message": {"content": '{"a": 1}'}, "finish_reason": "stop"}]
                    }
                    reply["usage"] = {"completion_tokens": 5, "prompt_tokens": 7}
                    data = json.dumps(reply).encode() if step == "ok" else step.encode()
                    self.send_response(200)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *args):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.http.server_port}/v1#some-model"
        threading.Thread(target=self.http.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self):
        """Nobody is there any more; may be said twice."""
        self.http.shutdown()
        self.http.server_close()
