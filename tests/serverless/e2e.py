"""End to end on ministack: the server writes and seals, and the Lambda, then workers, derive.

1. The event source mapping with the filter that is shipped hands sealed windows to the zip, which derives them; each window
   is announced by one record of the stream only, whatever is written to it later.
2. The same executable under Amazon's runtime interface emulator: a batch, a schedule that has to seal, a direct invocation,
   nonsense; what it says of itself in metrics and traces.
3. Two workers, one of which is killed and replaced.

After each, the edges that the server answers with are those of the load, call by call, though it sends everything twice.
"""

import collections
import json
import os
import subprocess
import time

from collector import Collector
from processes import Failed, answers, await_that, require, start, stop
import function
import storage
from storage import CREDENTIALS, ENDPOINT

GRPC, HTTP = "127.0.0.1:17271", "127.0.0.1:17272"
WINDOW, GRACE = 5, 1
# A claim of a process that was killed holds for two minutes.
TAKEN_OVER_WITHIN = 200
BEGAN = time.time()

truth = collections.Counter()
loads = 0


def is_done(item):
    return "manifest" in item and "edges" in item


def load(seconds):
    """Spans in real time, every request once more two seconds later, and what they add to the truth."""
    global loads
    loads += 1
    what = ["--duration", f"{seconds}s", "--spans-per-second", "200", "--seed", str(loads)]
    calls = subprocess.run(
        [os.environ["LOADGEN"], *what, "--print-calls"], check=True, capture_output=True, text=True).stdout
    for row in json.loads(calls):
        truth[row["parent"], row["child"]] += row["callCount"]
    subprocess.run(
        [os.environ["LOADGEN"], "--endpoint", f"http://{GRPC}", "--repeat-after", "2s", *what],
        check=True, stdout=subprocess.DEVNULL)


def require_truth():
    edges = storage.dependencies(GRPC, BEGAN - 600, time.time() + 600)
    wrong = {edge: (edges.get(edge), truth.get(edge)) for edge in {**edges, **truth} if edges.get(edge) != truth.get(edge)}
    require(not wrong, f"edges with (answered, true) calls: {wrong}")
    return f"{len(edges)} edges of {sum(edges.values())} calls, all of them true"


def all_done(after=0):
    """The keys of the windows that begin after then, if there are some and all are done."""
    found = {key: item for key, item in storage.windows().items() if storage.start_of(key) >= after}
    return list(found) if found and all(map(is_done, found.values())) else None


def start_server():
    server = start("server", [
        os.environ["SERVER"], "--storage", "aws", "--endpoint-url", ENDPOINT, "--create-tables", "--job", "off",
        "--window", f"{WINDOW}s", "--window-grace", f"{GRACE}s", "--listen", GRPC, "--http-listen", HTTP,
        "--archive-listen", "off",
    ], CREDENTIALS)
    await_that("the server is ready", lambda: answers(f"http://{HTTP}/ready"))
    return server


def lambda_derives():
    unmap = function.map_to_stream()
    load(15)
    keys = await_that("the Lambda derived every window", all_done, 120)
    records = storage.stream_records()
    counts = []
    for key in keys:
        of_window = [record for record in records if record["dynamodb"]["Keys"]["sk"]["B"] == key]
        announced = sum(map(storage.is_announced, of_window))
        require(announced == 1, f"{announced} of {len(of_window)} records announce window {storage.start_of(key)}")
        counts.append(len(of_window))
    services = storage.services(GRPC)
    require(len(services) > 5, f"services: {services}")
    edges = require_truth()
    unmap()
    print(f"Lambda: {len(keys)} windows derived, {counts} records each, 1 of them announces it; {edges}")
    return records


def require_spans(spans, trigger, is_cold):
    """The invocation's span as OpenTelemetry wants it, and those of its windows."""
    [invocation, *others] = [span for span in spans if not span["parent"]]
    require(not others, f"spans without parents: {others}")
    found = invocation["attributes"]
    require(invocation["name"] == function.NAME and invocation["resource"]["faas.name"] == function.NAME
            and invocation["resource"]["cloud.provider"] == "aws", f"the invocation: {invocation}")
    require((found["faas.trigger"], found["faas.coldstart"]) == (trigger, is_cold) and found["faas.invocation_id"]
            and "aws.lambda.invoked_arn" in found, f"the invocation's attributes: {found}")
    if trigger == "datasource":
        require(found["messaging.system"] == "aws.dynamodb_streams" and found["messaging.batch.message_count"] > 0,
                f"the batch's attributes: {found}")
    windows = [span for span in spans if span["parent"]]
    require(all(span["parent"] == invocation["id"] and span["trace"] == invocation["trace"] for span in windows),
            f"windows beside their invocation: {windows}")
    return invocation, windows


def seal_and_derive(server, runtime, collector):
    """A window that no server was there to seal: the schedule does both, and who is told of it later finds the seal's trace."""
    load(2)
    server.kill()
    server.wait(10)
    unsealed = [key for key, item in storage.windows().items() if "sealed" not in item]
    require(unsealed, "every window was sealed before the server was killed")
    time.sleep(max(0, storage.start_of(unsealed[-1]) + WINDOW + GRACE + 2 - time.time()))
    collector.taken()
    answer, _ = runtime.schedule()
    require(answer["sealed"] >= len(unsealed) and answer["derived"] >= len(unsealed) and answer["edges_not_done"] == 0,
            f"the schedule: {answer}")
    sealing, _ = require_spans(collector.taken(), "timer", False)
    announced = [
        record for record in storage.stream_records()
        if record["dynamodb"]["Keys"]["sk"]["B"] in unsealed and storage.is_announced(record)
    ]
    require(len(announced) == len(unsealed), f"{len(announced)} records announce {len(unsealed)} windows")
    answer, _ = runtime.invoke({"Records": [function.as_handed_over(record) for record in announced]})
    require(answer == {"batchItemFailures": []}, f"the batch: {answer}")
    _, windows = require_spans(collector.taken(), "datasource", False)
    require([span["links"] for span in windows] == [[(sealing["trace"], sealing["id"])]] * len(unsealed),
            f"links of {windows} to {sealing}")
    return len(unsealed)


def emulated_runtime(server, records):
    collector = Collector()
    runtime = function.Emulated({"OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint})
    answer, first = runtime.invoke({"Records": [function.as_handed_over(record) for record in records]})
    require(answer == {"batchItemFailures": []}, f"the batch: {answer}")
    require_spans(collector.taken(), "datasource", True)
    answer, second = runtime.schedule()
    require((answer.get("not_done"), answer.get("edges_not_done")) == (0, 0), f"the schedule: {answer}")
    answer, _ = runtime.invoke({"from": "2020-01-01T00:00:00Z", "to": "2020-01-01T02:00:00Z"})
    require(answer == {"windows": []}, f"the direct invocation: {answer}")
    answer, _ = runtime.invoke({"from": int(BEGAN) - 600, "to": int(time.time())})
    outcomes = {window["outcome"] for window in answer["windows"]}
    require(outcomes == {"already done"}, f"the direct invocation over what is done: {answer}")
    for event in ({"hello": "world"}, [], None, {"from": 2, "to": 1}, {"Records": [{"eventSource": "aws:sqs"}]}):
        answer, _ = runtime.invoke(event)
        require(answer.get("errorType") == "InvalidEvent", f"{event}: {answer}")
    sealed = seal_and_derive(server, runtime, collector)
    lines = runtime.metrics()
    [round_] = [line for line in lines if line["Trigger"] == "timer" and line["WindowsDone"] > 0]
    require(round_["Edges"] > 0 and round_["WriteRequestUnits"] > 0 and round_["Duration"] > 0, f"metrics: {round_}")
    runtime.stop()
    print(f"emulated runtime: first response {first:.0f} ms after the request that started it (tables verified, "
          f"{len(records)} records, spans sent), the next after {second:.0f} ms; {sealed} windows sealed and derived by "
          f"the schedule, {round_['Edges']} edges put, {len(lines)} lines of metrics")


def start_worker(name):
    return start(name, [
        os.environ["ADMIN"], "worker", "--storage", "aws", "--endpoint-url", ENDPOINT, "--round-every", "5s",
    ], CREDENTIALS)


def workers_derive():
    began = int(time.time()) + WINDOW
    workers = [start_worker("worker-0"), start_worker("worker-1")]
    load(12)
    workers[0].kill()
    workers.append(start_worker("worker-2"))
    load(6)
    keys = await_that("the workers derived every window", lambda: all_done(began), TAKEN_OVER_WITHIN)
    edges = require_truth()
    for worker in workers[1:]:
        require(stop(worker) == 0, "a worker did not end with status 0")
    listed = subprocess.run(
        [os.environ["ADMIN"], "worker", "--list-parked", "--storage", "aws", "--endpoint-url", ENDPOINT],
        env={**CREDENTIALS, "PATH": os.environ["PATH"]}, check=True, capture_output=True, text=True).stdout
    require(listed.startswith("WINDOW") and len(listed.splitlines()) == 1, f"parked: {listed}")
    print(f"workers: {len(keys)} windows derived, one of two killed and replaced meanwhile; {edges}")


try:
    start("ministack", [os.path.join(os.environ["VENV"], "bin/ministack")], {
        "BIND_HOST": "127.0.0.1", "GATEWAY_PORT": "14566", "MINISTACK_HOST": "127.0.0.1", **function.ENVIRONMENT})
    await_that("ministack answers", lambda: answers(f"{ENDPOINT}/"))
    server = start_server()
    told = lambda_derives()
    if os.environ.get("CAPTURE"):
        with open(os.environ["CAPTURE"], "w", encoding="utf-8") as file:
            json.dump([function.as_handed_over(record) for record in told], file, indent=1)
    emulated_runtime(server, told)
    server = start_server()
    workers_derive()
    require(stop(server) == 0, "the server did not end with status 0")
except Failed as failure:
    raise SystemExit(f"FAILED: {failure}; logs are in {os.environ['WORK']}") from None
