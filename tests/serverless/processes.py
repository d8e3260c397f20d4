"""Starting, awaiting and ending the processes of the test."""

import os
import signal
import subprocess
import time
import urllib.error
import urllib.request

WORK = os.environ["WORK"]


class Failed(Exception):
    """What the test expects did not come."""


def require(condition, message):
    if not condition:
        raise Failed(message)


def start(name, arguments, environment):
    log = open(os.path.join(WORK, f"{name}.log"), "ab")
    base = {"PATH": os.environ["PATH"], "HOME": WORK}
    return subprocess.Popen(arguments, env={**base, **environment}, stdout=log, stderr=log, cwd=WORK)


def await_that(what, condition, seconds=60, every=0.2):
    """Waits until the condition holds; answers with what it gave."""
    ends = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        require(time.monotonic() < ends, f"not within {seconds} s: {what}")
        time.sleep(every)


def answers(url):
    try:
        return urllib.request.urlopen(url, timeout=2).status == 200
    except urllib.error.HTTPError as error:
        # Some root answers with an error, which is an answer.
        return error.code in (400, 403, 404)
    except OSError:
        return False


def stop(process, seconds=30):
    """Asks a process to end, and answers with its status."""
    process.send_signal(signal.SIGTERM)
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        raise Failed("a process did not end when it was asked to") from None
