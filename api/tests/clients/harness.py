"""What the tests share: a server, clients of it, and the way from a definition to an execution that has ended."""

import itertools
import json
import re
import socket
import time
import unittest

import boto3
from botocore.config import Config

import definitions
import model
from definitions import REGION, ROLE
from server import PATIENCE_S, Server

KEYS = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}

_server = None
_names = itertools.count()


def server():
    """The server that most tests share."""
    global _server
    if _server is None:
        _server = Server()
    return _server


def stop():
    """Ends it, and gives its exit status."""
    return _server.stop() if _server else 0


def client(url=None, keys=None, **config):
    """A client as people make it. Every answer it gets is checked."""
    session = boto3.session.Session()
    made = session.client(
        "stepfunctions",
        endpoint_url=url or server().url,
        region_name=REGION,
        config=Config(retries={"total_max_attempts": 1}, **config),
        **(keys or KEYS),
    )
    model.watch(made)
    return made


def resolve_prefixed_names():
    """Has `sync-NAME` be this machine, as a line in the hosts file would."""
    original = socket.getaddrinfo

    def resolve(host, *rest, **named):
        return original(re.sub("^sync-", "", host) if isinstance(host, str) else host, *rest, **named)

    socket.getaddrinfo = resolve


class Case(unittest.TestCase):
    """A test that has a client."""

    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.sfn = client()

    def name(self):
        """A name that no other test has."""
        return f"{self._testMethodName[5:45]}-{next(_names)}"

    def create(self, definition, **fields):
        """A state machine's ARN."""
        fields = {"name": self.name(), "roleArn": ROLE, **fields}
        return self.sfn.create_state_machine(definition=definition, **fields)["stateMachineArn"]

    def express(self, definition, **fields):
        return self.create(definition, type="EXPRESS", **fields)

    def start(self, machine_arn, given=None, **fields):
        """An execution's ARN."""
        if given is not None:
            fields["input"] = json.dumps(given)
        return self.sfn.start_execution(stateMachineArn=machine_arn, **fields)["executionArn"]

    def until(self, find, what):
        """What `find` gives as soon as it gives something. Each call is a question to the server."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            found = find()
            if found:
                return found
        self.fail(f"{what} did not come")

    def ended(self, execution_arn):
        """The description of an execution that has ended."""

        def find():
            there = self.sfn.describe_execution(executionArn=execution_arn)
            return there if there["status"] not in ("RUNNING", "PENDING_REDRIVE") else None

        return self.until(find, f"the end of {execution_arn}")

    def run_through(self, definition, given=None, **fields):
        """The description of an execution of a new machine, from start to end."""
        return self.ended(self.start(self.create(definition), given, **fields))

    def history(self, execution_arn, **fields):
        pages = self.sfn.get_paginator("get_execution_history").paginate(executionArn=execution_arn, **fields)
        return [event for page in pages for event in page["events"]]

    def token(self, execution_arn):
        """The token that a callback sent, as its history shows it."""

        def find():
            for event in self.history(execution_arn):
                details = event.get("taskScheduledEventDetails")
                if details:
                    return json.loads(details["parameters"])["MessageBody"]

        return self.until(find, "the callback")

    def refused(self, code, call, **fields):
        """The message with which a call is refused."""
        wanted = getattr(self.sfn.exceptions, code)
        with self.assertRaises(wanted) as caught:
            call(**fields)
        answer = caught.exception.response
        self.assertEqual(answer["Error"]["Code"], code)
        self.assertTrue(answer["Error"]["Message"])
        self.assertEqual(answer["ResponseMetadata"]["HTTPStatusCode"], 400)
        return answer["Error"]["Message"]


__all__ = ["Case", "client", "definitions", "server", "stop"]
