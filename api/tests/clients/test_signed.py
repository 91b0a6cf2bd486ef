"""A server that checks signatures: those of its keys are let in, all others are told why not."""

import os
import tempfile
import unittest

import botocore.exceptions

from definitions import PASS, ROLE
from harness import client
from server import Server

FIRST = {"aws_access_key_id": "AKIDFIRST", "aws_secret_access_key": "first/secret"}
SECOND = {"aws_access_key_id": "AKIDSECOND", "aws_secret_access_key": "second/secret"}
CREDENTIALS = """
[default]
aws_access_key_id = AKIDFIRST
aws_secret_access_key = first/secret

[second]
aws_access_key_id = AKIDSECOND
aws_secret_access_key = second/secret
"""


class Signed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.directory.cleanup)
        path = os.path.join(cls.directory.name, "credentials")
        with open(path, "w", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            file.write(CREDENTIALS)
        cls.server = Server("--auth", "sigv4", "--credentials", path)
        cls.addClassCleanup(cls.server.stop)

    def refused(self, code, keys):
        with self.assertRaises(botocore.exceptions.ClientError) as caught:
            client(url=self.server.url, keys=keys).list_state_machines()
        self.assertEqual(caught.exception.response["Error"]["Code"], code)

    def test_a_signed_call_is_answered(self):
        for keys in (FIRST, SECOND):
            sfn = client(url=self.server.url, keys=keys)
            machine = sfn.create_state_machine(name="orders", definition=PASS, roleArn=ROLE)["stateMachineArn"]
            self.assertTrue(sfn.start_execution(stateMachineArn=machine, input='{"ä": "ö"}')["executionArn"])

    def test_the_prefix_is_signed_too(self):
        sfn = client(url=self.server.url, keys=FIRST)
        machine = sfn.create_state_machine(name="at-once", definition=PASS, roleArn=ROLE, type="EXPRESS")
        self.assertEqual(sfn.start_sync_execution(stateMachineArn=machine["stateMachineArn"])["status"], "SUCCEEDED")

    def test_keys_that_are_not_known(self):
        self.refused("UnrecognizedClientException", {**FIRST, "aws_access_key_id": "AKIDOTHER"})
        self.refused("InvalidSignatureException", {**FIRST, "aws_secret_access_key": "other/secret"})
