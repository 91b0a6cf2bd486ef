"""The AWS CLI, as people type it."""

import json
import os
import subprocess
import sys

from definitions import CALLBACK, CHAIN, FAIL, PASS, REGION, ROLE, WAIT
from harness import KEYS, Case, server

AWS = os.path.join(os.path.dirname(sys.executable), "aws")


def environment():
    """An environment with an endpoint, and with nothing of the user's."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return {
        **kept,
        "AWS_ENDPOINT_URL_SFN": server().url,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": KEYS["aws_access_key_id"],
        "AWS_SECRET_ACCESS_KEY": KEYS["aws_secret_access_key"],
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        # `sync-127.0.0.1` is a name that nobody resolves.
        "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
        "AWS_PAGER": "",
    }


class Cli(Case):
    def aws(self, *arguments):
        """What a command prints: JSON or text."""
        done = self.typed(*arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        try:
            return json.loads(done.stdout)
        except json.JSONDecodeError:
            return done.stdout.strip()

    def typed(self, *arguments):
        command = [AWS, "stepfunctions", *arguments]
        return subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=120)

    def test_from_a_machine_to_its_history(self):
        name = self.name()
        create = ("--name", name, "--definition", CHAIN, "--role-arn", ROLE, "--tags", "key=team,value=orders")
        machine = self.aws("create-state-machine", *create)["stateMachineArn"]
        started = self.aws("start-execution", "--state-machine-arn", machine, "--name", "e1", "--input", '{"id": 7}')
        self.ended(started["executionArn"])
        there = self.aws("describe-execution", "--execution-arn", started["executionArn"])
        self.assertEqual((there["status"], json.loads(there["output"])), ("SUCCEEDED", {"id": 7}))
        events = ("get-execution-history", "--execution-arn", started["executionArn"])
        self.assertEqual(self.aws(*events, "--page-size", "5", "--query", "length(events)"), 42)
        last = self.aws(*events, "--reverse-order", "--max-items", "1", "--query", "events[0].type", "--output", "text")
        self.assertEqual(last.splitlines()[0], "ExecutionSucceeded")
        self.assertEqual(
            self.aws("list-tags-for-resource", "--resource-arn", machine)["tags"], [{"key": "team", "value": "orders"}]
        )
        self.aws("tag-resource", "--resource-arn", machine, "--tags", "key=stage,value=test")
        tags = self.aws("list-tags-for-resource", "--resource-arn", machine, "--query", "tags[].key")
        self.assertEqual(sorted(tags), ["stage", "team"])
        self.aws("delete-state-machine", "--state-machine-arn", machine)

    def test_pages_and_queries(self):
        machine = self.create(PASS)
        for number in range(5):
            self.ended(self.start(machine, name=f"e{number}"))
        listing = ("list-executions", "--state-machine-arn", machine)
        names = self.aws(*listing, "--page-size", "2", "--query", "executions[].name")
        self.assertEqual(names, ["e4", "e3", "e2", "e1", "e0"])
        first = self.aws(*listing, "--max-items", "2")
        rest = self.aws(*listing, "--starting-token", first["NextToken"])
        self.assertEqual([len(first["executions"]), len(rest["executions"])], [2, 3])
        text = self.aws(*listing, "--status-filter", "SUCCEEDED", "--query", "executions[?name=='e3'].status", "--output", "text")
        self.assertEqual(text, "SUCCEEDED")

    def test_what_runs_at_once(self):
        machine = self.express(FAIL)
        ended = self.aws("start-sync-execution", "--state-machine-arn", machine)
        self.assertEqual((ended["status"], ended["error"]), ("FAILED", "Order.Refused"))
        state = '{"Type": "Pass", "Result": {"n": 1}, "Next": "Then"}'
        tested = self.aws("test-state", "--definition", state, "--inspection-level", "DEBUG")
        self.assertEqual((tested["status"], tested["nextState"], tested["output"]), ("SUCCEEDED", "Then", '{"n":1}'))
        judged = self.aws("validate-state-machine-definition", "--definition", PASS)
        self.assertEqual((judged["result"], judged["diagnostics"]), ("OK", []))

    def test_callbacks_and_ends(self):
        execution = self.start(self.create(CALLBACK))
        token = self.token(execution)
        self.aws("send-task-heartbeat", "--task-token", token)
        self.aws("send-task-success", "--task-token", token, "--task-output", '{"ok": true}')
        self.assertEqual(self.ended(execution)["output"], '{"ok":true}')
        other = self.start(self.create(CALLBACK))
        self.aws("send-task-failure", "--task-token", self.token(other), "--error", "Refused", "--cause", "no stock")
        self.assertEqual(self.ended(other)["error"], "Refused")
        waiting = self.start(self.create(WAIT))
        self.aws("stop-execution", "--execution-arn", waiting, "--cause", "enough")
        self.assertEqual(self.ended(waiting)["status"], "ABORTED")

    def test_errors_are_told(self):
        done = self.typed("describe-execution", "--execution-arn", "no-arn")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("(InvalidArn) when calling the DescribeExecution operation", done.stderr)
