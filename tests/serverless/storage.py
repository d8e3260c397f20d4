"""What is in the tables and their stream, and what the server says about it."""

import json
import os
import re

import grpc
from botocore.session import Session

REGION = "us-east-1"
ENDPOINT = "http://127.0.0.1:14566"
CREDENTIALS = {"AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
TABLE = "jaeger.windows"


def client(service):
    return Session().create_client(
        service, region_name=REGION, endpoint_url=ENDPOINT, aws_access_key_id="test", aws_secret_access_key="test"
    )


def windows():
    """All items that are windows, by their key, oldest first."""
    pages = client("dynamodb").get_paginator("scan").paginate(TableName=TABLE, ConsistentRead=True)
    found = {item["sk"]["B"]: item for page in pages for item in page["Items"] if "lanes" in item}
    return dict(sorted(found.items()))


def start_of(key):
    return int.from_bytes(key[:8], "big")


def stream_records():
    """All records that the stream of windows has, as the API of streams gives them."""
    arn = client("dynamodb").describe_table(TableName=TABLE)["Table"]["LatestStreamArn"]
    streams = client("dynamodbstreams")
    records = []
    for shard in streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]:
        iterator = streams.get_shard_iterator(StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON")
        iterator = iterator["ShardIterator"]
        while iterator:
            page = streams.get_records(ShardIterator=iterator)
            records.extend(page["Records"])
            iterator = page.get("NextShardIterator") if page["Records"] else None
    return records


def filter_pattern():
    """The filter that is shipped: there is one definition. In AWS a leaf does not exist whose parent does not, and only
    leaves are looked at; ministack looks for the parent first, so there what must not exist is named by its parent."""
    with open(os.path.join(os.environ["ROOT"], "crates/stream/src/trigger.rs"), encoding="utf-8") as file:
        pattern = json.loads(re.search(r'FILTER_PATTERN: &str = r#"(.*?)"#', file.read()).group(1))
    image = pattern["dynamodb"]["NewImage"]
    for name, types in image.items():
        [leaf] = types.values()
        if leaf == [{"exists": False}]:
            image[name] = leaf
    return json.dumps(pattern)


def is_announced(record):
    """What the filter lets through, said in another way."""
    image = record["dynamodb"].get("NewImage", {})
    return "sealed" in image and not image.keys() & {"manifest", "edges", "log_end"}


# A little of protobuf's wire format: all answers that are read here are strings and numbers within messages.

def fields(message):
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(message):
        key = varint()
        if key & 7 == 0:
            yield key >> 3, varint()
        elif key & 7 in (1, 5):
            length = 8 if key & 7 == 1 else 4
            yield key >> 3, int.from_bytes(message[at:at + length], "little")
            at += length
        elif key & 7 == 2:
            length = varint()
            yield key >> 3, message[at:at + length]
            at += length
        else:
            raise ValueError(f"wire type {key & 7}")


def call(address, method, request):
    with grpc.insecure_channel(address) as channel:
        return channel.unary_unary(f"/jaeger.storage.v2.{method}")(request, timeout=20)


def services(address):
    return {value.decode() for number, value in fields(call(address, "TraceReader/GetServices", b"")) if number == 1}


def varint(value):
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out + bytes([value]))


def dependencies(address, start, end):
    """Calls by (parent, child)."""
    request = b""
    for number, seconds in ((1, start), (2, end)):
        timestamp = b"\x08" + varint(int(seconds))
        request += bytes([number << 3 | 2, len(timestamp)]) + timestamp
    edges = {}
    for number, value in fields(call(address, "DependencyReader/GetDependencies", request)):
        if number == 1:
            edge = dict(fields(value))
            edges[edge[1].decode(), edge[2].decode()] = edge.get(3, 0)
    return edges
