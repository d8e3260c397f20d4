"""A collector of OTLP over HTTP, which remembers the spans that it is sent."""

import http.server
import threading

from storage import fields


class Collector:
    """Takes spans at `endpoint` until it is closed."""

    def __init__(self):
        self.spans = []
        collector = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.path == "/v1/traces":
                    collector.spans.extend(spans_of(body))
                self.send_response(200 if self.path == "/v1/traces" else 404)
                self.send_header("Content-Type", "application/x-protobuf")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.endpoint = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def taken(self):
        """The spans since the last time, in the order in which they ended."""
        spans, self.spans = self.spans, []
        return spans


def only(message, number):
    return [value for found, value in fields(message) if found == number]


def value_of(message):
    """An AnyValue that is a string, a truth value or a whole number."""
    for number, value in fields(message):
        return {1: lambda: value.decode(), 2: lambda: bool(value), 3: lambda: value}[number]()
    return None


def attributes(messages):
    return {only(message, 1)[0].decode(): value_of(only(message, 2)[0]) for message in messages}


def spans_of(request):
    """Field numbers: opentelemetry/proto/collector/trace/v1 and trace/v1."""
    for resource_spans in only(request, 1):
        resource = attributes(only(only(resource_spans, 1)[0], 1))
        for scope_spans in only(resource_spans, 2):
            for span in only(scope_spans, 2):
                yield {
                    "trace": only(span, 1)[0], "id": only(span, 2)[0], "parent": (only(span, 4) or [b""])[0],
                    "name": only(span, 5)[0].decode(), "kind": (only(span, 6) or [0])[0],
                    "attributes": attributes(only(span, 9)), "resource": resource,
                    "links": [(only(link, 1)[0], only(link, 2)[0]) for link in only(span, 13)],
                }
