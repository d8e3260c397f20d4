"""The dependency Lambda: on ministack behind an event source mapping, and under Amazon's runtime interface emulator."""

import base64
import json
import os
import socket
import time
import urllib.request
import zipfile

from processes import WORK, await_that, require, start, stop
import storage
from storage import CREDENTIALS, ENDPOINT

NAME = "jaeger-dynamodb-dependencies"
ENVIRONMENT = {**CREDENTIALS, "AWS_ENDPOINT_URL": ENDPOINT}
EMULATOR = ("127.0.0.1", 18080)


def map_to_stream():
    """Creates the function and its mapping as they are shipped, and answers with how to undo that."""
    table = storage.client("dynamodb").describe_table(TableName=storage.TABLE)["Table"]
    require(table["StreamSpecification"]["StreamViewType"] == "NEW_IMAGE", "the table of windows has no stream")
    functions = storage.client("lambda")
    with open(os.environ["ZIP"], "rb") as file:
        functions.create_function(
            FunctionName=NAME, Runtime="provided.al2023", Handler="bootstrap", Architectures=["x86_64"], Timeout=60,
            Role="arn:aws:iam::000000000000:role/x", Code={"ZipFile": file.read()},
        )
    functions.get_waiter("function_active_v2").wait(FunctionName=NAME)
    mapping = functions.create_event_source_mapping(
        EventSourceArn=table["LatestStreamArn"], FunctionName=NAME, StartingPosition="TRIM_HORIZON", BatchSize=10,
        FilterCriteria={"Filters": [{"Pattern": storage.filter_pattern()}]},
        FunctionResponseTypes=["ReportBatchItemFailures"], BisectBatchOnFunctionError=True, MaximumRetryAttempts=10,
    )
    return lambda: functions.delete_event_source_mapping(UUID=mapping["UUID"])


def as_handed_over(record):
    """A record of the streams API as Lambda hands it over."""
    def plain(value):
        if isinstance(value, bytes):
            return base64.b64encode(value).decode()
        if isinstance(value, dict):
            return {name: plain(value) for name, value in value.items()}
        if isinstance(value, (list, tuple)):
            return [plain(value) for value in value]
        return value.timestamp() if hasattr(value, "timestamp") else value

    return plain(record)


class Emulated:
    """The executable of the zip under the runtime interface emulator, which comes inside the wheel of aws-sam-cli."""

    def __init__(self, environment):
        self.process = start("rie", [
            emulator(), "--runtime-interface-emulator-address", ":".join(map(str, EMULATOR)),
            "--runtime-api-address", "127.0.0.1:19001", unpacked(),
        ], {**ENVIRONMENT, "AWS_LAMBDA_FUNCTION_NAME": NAME, "AWS_LAMBDA_FUNCTION_TIMEOUT": "30",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256", **environment})
        await_that("the emulator listens", listens, every=0.02)

    def invoke(self, event):
        """The answer, and after how many milliseconds it came."""
        began = time.monotonic()
        request = urllib.request.Request(
            "http://{}:{}/2015-03-31/functions/function/invocations".format(*EMULATOR), json.dumps(event).encode(),
            method="POST")
        with urllib.request.urlopen(request, timeout=60) as response:
            return json.loads(response.read()), 1000 * (time.monotonic() - began)

    def schedule(self):
        return self.invoke({"detail-type": "Scheduled Event", "source": "aws.events"})

    def metrics(self):
        """What CloudWatch would make metrics of: every line in its embedded format, checked."""
        with open(os.path.join(WORK, "rie.log"), encoding="utf-8", errors="replace") as log:
            lines = [json.loads(line) for line in log if line.startswith("{") and '"_aws"' in line]
        for line in lines:
            for directive in line["_aws"]["CloudWatchMetrics"]:
                require(directive["Namespace"] and isinstance(line["_aws"]["Timestamp"], int), f"a line of metrics: {line}")
                for dimension in directive["Dimensions"]:
                    require(all(isinstance(line[name], str) for name in dimension), f"dimensions: {line}")
                for metric in directive["Metrics"]:
                    require(isinstance(line[metric["Name"]], (int, float)), f"{metric['Name']}: {line}")
        return lines

    def stop(self):
        self.process.terminate()
        self.process.wait(10)


def listens():
    with socket.socket() as probe:
        return probe.connect_ex(EMULATOR) == 0


def unpacked():
    with zipfile.ZipFile(os.environ["ZIP"]) as archive:
        [entry] = archive.infolist()
        require((entry.filename, entry.external_attr >> 16 & 0o777) == ("bootstrap", 0o755), f"the zip has {entry}")
        binary = archive.extract(entry, WORK)
    os.chmod(binary, 0o755)
    return binary


def emulator():
    libraries = os.path.join(os.environ["VENV"], "lib")
    [path] = [
        path for name in os.listdir(libraries)
        if os.path.exists(path := os.path.join(
            libraries, name, "site-packages/samcli/local/rapid/aws-lambda-rie-x86_64"))
    ]
    os.chmod(path, 0o755)
    return path
