#!/usr/bin/env python3
"""What a call costs in processor time: the engine's caller beside boto3 against a server on the loopback.

    cpu.py PATH/TO/release/examples/services [CALLS]

Needs `boto3`. The engine's process reads a line and writes one for each call, which counts for it too.
"""

import json
import os
import resource
import socket
import subprocess
import sys
import threading
import time

BODY = json.dumps({"Item": {"id": {"S": "1"}, "name": {"S": "a name"}, "count": {"N": "17"}, "tags": {"SS": ["a", "b"]}}}).encode()
ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.0\r\nx-amzn-RequestId: id\r\nContent-Length: "
    + str(len(BODY)).encode() + b"\r\n\r\n" + BODY
)
KEY = {"TableName": "table", "Key": {"id": {"S": "1"}}}


def serve(listener):
    def one(connection):
        pending = b""
        while True:
            head, found, rest = pending.partition(b"\r\n\r\n")
            if found:
                length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length"))
                if len(rest) >= length:
                    pending = rest[length:]
                    connection.sendall(ANSWER)
                    continue
            data = connection.recv(65536)
            if not data:
                return
            pending += data

    while True:
        connection, _ = listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=one, args=(connection,), daemon=True).start()


def of_engine(path, port, calls):
    """Seconds of processor time for so many calls: what more calls cost than few."""

    def run(count):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        engine = subprocess.Popen(
            [path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={"AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}"}
        )
        line = json.dumps({"call": "arn:aws:states:::aws-sdk:dynamodb:getItem", "input": KEY}).encode() + b"\n"
        for _ in range(count):
            engine.stdin.write(line)
            engine.stdin.flush()
            answer = engine.stdout.readline()
            assert b'"result"' in answer, answer
        engine.stdin.close()
        engine.wait()
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    few = calls // 10
    return (run(calls) - run(few)) / (calls - few)


def of_boto3(port, calls):
    import boto3

    client = boto3.client(
        "dynamodb", endpoint_url=f"http://127.0.0.1:{port}", region_name="us-east-1",
        aws_access_key_id="test", aws_secret_access_key="test",
    )
    client.get_item(**KEY)
    before = time.process_time()
    for _ in range(calls):
        client.get_item(**KEY)
    return (time.process_time() - before) / calls


def main():
    calls = int(sys.argv[2]) if len(sys.argv) > 2 else 5000
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    port = listener.getsockname()[1]
    # A process of its own, so that its time counts for nobody.
    child = os.fork()
    if child == 0:
        serve(listener)
    try:
        engine, boto3 = of_engine(sys.argv[1], port, calls), of_boto3(port, calls)
    finally:
        os.kill(child, 9)
        os.waitpid(child, 0)
    print(f"processor time of a call: engine {engine * 1e6:.0f} us, boto3 {boto3 * 1e6:.0f} us ({calls} calls)")


main()
