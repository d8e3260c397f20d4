"""Answers POST /purge by purging both servers, one after the other: the battery knows one endpoint only."""

import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.request import Request, urlopen


class PurgeBoth(BaseHTTPRequestHandler):
    def do_POST(self):
        status = 200
        for address in sys.argv[2:]:
            try:
                urlopen(Request(f"http://{address}/purge", method="POST"))
            except OSError as error:
                print(f"{address} did not purge: {error}", file=sys.stderr)
                status = 502
        self.send_response(status)
        self.end_headers()

    def log_message(self, *_):
        pass


HTTPServer(("127.0.0.1", int(sys.argv[1])), PurgeBoth).serve_forever()
