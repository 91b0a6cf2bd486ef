"""A server of a template: a project for AWS SAM, as it stands in the examples."""

import json
import os

from harness import Case, client
from server import Server

PROJECT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../examples/sam-project")


def content(name):
    with open(os.path.join(PROJECT, name)) as file:
        return json.load(file)


class Template(Case):
    @classmethod
    def setUpClass(cls):
        template = os.path.join(PROJECT, "template.yaml")
        cls.server = Server("--template", template, "--parameter", "Currency=EUR")
        cls.addClassCleanup(cls.server.stop)
        cls.sfn = client(url=cls.server.url)

    def test_the_project_s_state_machine_is_there_and_runs(self):
        (machine,) = self.sfn.list_state_machines()["stateMachines"]
        self.assertEqual((machine["name"], machine["type"]), ("orders-dev", "STANDARD"))
        for case in ("", "-empty"):
            started = self.start(machine["stateMachineArn"], content(f"input{case}.json"))
            there = self.ended(started)
            self.assertEqual(there["status"], "SUCCEEDED", there)
            self.assertEqual(json.loads(there["output"]), content(f"expected{case}.json"))

    def test_what_is_put_into_the_definition_is_seen(self):
        (machine,) = self.sfn.list_state_machines()["stateMachines"]
        described = self.sfn.describe_state_machine(stateMachineArn=machine["stateMachineArn"])
        states = json.loads(described["definition"])["States"]
        function = "arn:aws:lambda:us-east-1:123456789012:function:CheckOrder"
        self.assertEqual(states["Check order"]["Resource"], function)
