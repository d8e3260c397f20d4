"""End to end on ministack: the server writes and seals, and the Lambda, then workers, derive.

1. The event source mapping with the filter that is shipped hands sealed windows to the zip, which derives them; each window
   is announced by one record of the stream only, whatever is written to it later.
2. The same executable under Amazon's runtime interface emulator: a batch, a schedule, a direct invocation, nonsense.
3. Two workers, one of which is killed.
"""

import base64
import json
import os
import subprocess
import time
import urllib.request
import zipfile

from processes import Failed, answers, await_that, require, start, stop
import storage
from storage import CREDENTIALS, ENDPOINT

GRPC, HTTP = "127.0.0.1:17271", "127.0.0.1:17272"
RIE = "http://127.0.0.1:18080"
WINDOW, GRACE = 5, 1
# A claim of a process that was killed holds for two minutes.
TAKEN_OVER_WITHIN = 200
FUNCTION = "jaeger-dynamodb-dependencies"
ENVIRONMENT = {**CREDENTIALS, "AWS_ENDPOINT_URL": ENDPOINT}


def is_done(item):
    return "manifest" in item and "edges" in item


def load(seconds):
    subprocess.run(
        [os.environ["LOADGEN"], "--endpoint", f"http://{GRPC}", "--duration", f"{seconds}s", "--spans-per-second", "200"],
        check=True, stdout=subprocess.DEVNULL,
    )


def all_done(after):
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


def map_function():
    table = storage.client("dynamodb").describe_table(TableName=storage.TABLE)["Table"]
    require(table["StreamSpecification"]["StreamViewType"] == "NEW_IMAGE", "the table of windows has no stream")
    functions = storage.client("lambda")
    with open(os.environ["ZIP"], "rb") as file:
        functions.create_function(
            FunctionName=FUNCTION, Runtime="provided.al2023", Handler="bootstrap", Architectures=["x86_64"], Timeout=60,
            Role="arn:aws:iam::000000000000:role/x", Code={"ZipFile": file.read()},
        )
    functions.get_waiter("function_active_v2").wait(FunctionName=FUNCTION)
    mapping = functions.create_event_source_mapping(
        EventSourceArn=table["LatestStreamArn"], FunctionName=FUNCTION, StartingPosition="TRIM_HORIZON", BatchSize=10,
        FilterCriteria={"Filters": [{"Pattern": storage.filter_pattern()}]},
        FunctionResponseTypes=["ReportBatchItemFailures"], BisectBatchOnFunctionError=True, MaximumRetryAttempts=10,
    )
    return mapping["UUID"]


def lambda_derives():
    mapping = map_function()
    began = int(time.time())
    load(15)
    keys = await_that("the Lambda derived every window", lambda: all_done(0), 120)
    records = storage.stream_records()
    for key in keys:
        of_window = [record for record in records if record["dynamodb"]["Keys"]["sk"]["B"] == key]
        announced = sum(map(storage.is_announced, of_window))
        require(announced == 1, f"{announced} of {len(of_window)} records announce window {storage.start_of(key)}")
    counts = [sum(record["dynamodb"]["Keys"]["sk"]["B"] == key for record in records) for key in keys]
    services = storage.services(GRPC)
    require(len(services) > 5, f"services: {services}")
    edges = storage.dependencies(GRPC, began - 600, time.time() + 600)
    require(edges and {name for edge in edges for name in edge} <= services, f"edges: {edges}")
    storage.client("lambda").delete_event_source_mapping(UUID=mapping)
    print(f"Lambda: {len(keys)} windows derived, {counts} records each, 1 of them announces it; "
          f"{len(services)} services, {len(edges)} edges, {sum(edges.values())} calls")
    return records


def as_lambda_hands_it_over(record):
    def plain(value):
        if isinstance(value, bytes):
            return base64.b64encode(value).decode()
        if isinstance(value, dict):
            return {name: plain(value) for name, value in value.items()}
        if isinstance(value, (list, tuple)):
            return [plain(value) for value in value]
        return value.timestamp() if hasattr(value, "timestamp") else value

    return plain(record)


def invoke(event):
    request = urllib.request.Request(
        f"{RIE}/2015-03-31/functions/function/invocations", json.dumps(event).encode(), method="POST")
    with urllib.request.urlopen(request, timeout=60) as response:
        return json.loads(response.read())


def emulated_runtime(records):
    with zipfile.ZipFile(os.environ["ZIP"]) as archive:
        [entry] = archive.infolist()
        require((entry.filename, entry.external_attr >> 16 & 0o777) == ("bootstrap", 0o755), f"the zip has {entry}")
        binary = archive.extract(entry, os.environ["WORK"])
    os.chmod(binary, 0o755)
    emulator = next(
        os.path.join(folder, "samcli/local/rapid/aws-lambda-rie-x86_64")
        for folder in [os.path.join(os.environ["VENV"], "lib", name, "site-packages")
                       for name in os.listdir(os.path.join(os.environ["VENV"], "lib"))])
    os.chmod(emulator, 0o755)
    runtime = start("rie", [
        emulator, "--runtime-interface-emulator-address", "127.0.0.1:18080", "--runtime-api-address", "127.0.0.1:19001",
        binary,
    ], {**ENVIRONMENT, "AWS_LAMBDA_FUNCTION_NAME": FUNCTION, "AWS_LAMBDA_FUNCTION_TIMEOUT": "30",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256"})
    time.sleep(1)
    batch = {"Records": [as_lambda_hands_it_over(record) for record in records]}
    began = time.monotonic()
    require(invoke(batch) == {"batchItemFailures": []}, "the batch was not taken")
    first = time.monotonic() - began
    began = time.monotonic()
    round_ = invoke({"detail-type": "Scheduled Event", "source": "aws.events"})
    require((round_.get("not_done"), round_.get("edges_not_done")) == (0, 0), f"the schedule: {round_}")
    second = time.monotonic() - began
    direct = invoke({"from": "2020-01-01T00:00:00Z", "to": "2020-01-01T02:00:00Z"})
    require(direct == {"windows": []}, f"the direct invocation: {direct}")
    for event in ({"hello": "world"}, [], None, {"from": 2, "to": 1}, {"Records": [{"eventSource": "aws:sqs"}]}):
        answer = invoke(event)
        require(answer.get("errorType") == "InvalidEvent", f"{event}: {answer}")
    runtime.terminate()
    print(f"emulated runtime: first response after {first * 1000:.0f} ms (executable started and tables verified), "
          f"next {second * 1000:.0f} ms")


def start_worker(name):
    return start(name, [
        os.environ["ADMIN"], "worker", "--storage", "aws", "--endpoint-url", ENDPOINT, "--round-every", "5s",
    ], CREDENTIALS)


def workers_derive():
    began = int(time.time()) + WINDOW
    workers = [start_worker("worker-0"), start_worker("worker-1")]
    load(12)
    workers[0].kill()
    load(6)
    keys = await_that("the workers derived every window", lambda: all_done(began), TAKEN_OVER_WITHIN)
    workers.append(start_worker("worker-2"))
    time.sleep(2)
    for worker in workers[1:]:
        require(stop(worker) == 0, "a worker did not end with status 0")
    listed = subprocess.run(
        [os.environ["ADMIN"], "worker", "--list-parked", "--storage", "aws", "--endpoint-url", ENDPOINT],
        env={**CREDENTIALS, "PATH": os.environ["PATH"]}, check=True, capture_output=True, text=True).stdout
    require(listed.startswith("WINDOW") and len(listed.splitlines()) == 1, f"parked: {listed}")
    print(f"workers: {len(keys)} windows derived, one of two killed meanwhile")


def main():
    start("ministack", [os.path.join(os.environ["VENV"], "bin/ministack")], {
        "BIND_HOST": "127.0.0.1", "GATEWAY_PORT": "14566", "MINISTACK_HOST": "127.0.0.1", **ENVIRONMENT})
    await_that("ministack answers", lambda: answers(f"{ENDPOINT}/"))
    server = start_server()
    try:
        records = lambda_derives()
        if os.environ.get("CAPTURE"):
            with open(os.environ["CAPTURE"], "w", encoding="utf-8") as file:
                json.dump([as_lambda_hands_it_over(record) for record in records[:20]], file, indent=1)
        emulated_runtime(records)
        workers_derive()
        require(stop(server) == 0, "the server did not end with status 0")
    except Failed as failure:
        raise SystemExit(f"FAILED: {failure}; logs are in {os.environ['WORK']}") from None


main()
