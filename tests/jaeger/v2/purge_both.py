"""Answers POST /purge by purging both servers, one after the other: the battery knows one endpoint only.

A server that is being replaced is asked again until it is there.
"""

import sys
import time
from http.client import HTTPException
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.request import Request, urlopen


ATTEMPTS = 50


def purged(address):
    for _ in range(ATTEMPTS):
        try:
            urlopen(Request(f"http://{address}/purge", method="POST"))
            return True
        except (OSError, HTTPException) as error:
            print(f"{address} did not purge: {error}", file=sys.stderr)
            time.sleep(0.1)
    return False


class PurgeBoth(BaseHTTPRequestHandler):
    def do_POST(self):
        status = 200
        for address in sys.argv[2:]:
            if not purged(address):
                status = 502
        self.send_response(status)
        self.end_headers()

    def log_message(self, *_):
        pass


HTTPServer(("127.0.0.1", int(sys.argv[1])), PurgeBoth).serve_forever()
