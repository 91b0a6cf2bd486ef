"""Executions: start, describe, list, stop, history, redrive."""

import datetime
import json

from definitions import CHAIN, FAIL, MAP, PASS, ROLE, WAIT, call, machine
from harness import Case


class Executions(Case):
    def test_an_execution_is_described(self):
        machine_arn = self.create(PASS)
        name = self.name()
        started = self.sfn.start_execution(stateMachineArn=machine_arn, name=name, input='{"id": 7}')
        self.assertIsInstance(started["startDate"], datetime.datetime)
        there = self.ended(started["executionArn"])
        self.assertEqual(started["executionArn"], machine_arn.replace(":stateMachine:", ":execution:") + f":{name}")
        self.assertEqual((there["status"], there["name"]), ("SUCCEEDED", name))
        self.assertEqual((json.loads(there["input"]), json.loads(there["output"])), ({"id": 7}, {"id": 7}))
        self.assertEqual(there["startDate"], started["startDate"])
        self.assertGreaterEqual(there["stopDate"], there["startDate"])
        self.assertEqual(there["stateMachineArn"], machine_arn)
        self.assertEqual(there["inputDetails"], {"included": True})
        self.assertEqual(there["redriveCount"], 0)

    def test_an_execution_without_a_name_or_an_input(self):
        there = self.run_through(PASS)
        self.assertRegex(there["name"], r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
        self.assertEqual((there["input"], there["output"]), ("{}", "{}"))

    def test_a_start_is_idempotent_while_the_execution_runs(self):
        machine_arn, name = self.create(WAIT), self.name()
        first = self.sfn.start_execution(stateMachineArn=machine_arn, name=name, input='{"id": 7}')
        again = self.sfn.start_execution(stateMachineArn=machine_arn, name=name, input='{"id": 7}')
        self.assertEqual((again["executionArn"], again["startDate"]), (first["executionArn"], first["startDate"]))
        start = self.sfn.start_execution
        self.refused("ExecutionAlreadyExists", start, stateMachineArn=machine_arn, name=name, input='{"id": 8}')
        self.sfn.stop_execution(executionArn=first["executionArn"])
        self.refused("ExecutionAlreadyExists", start, stateMachineArn=machine_arn, name=name, input='{"id": 7}')

    def test_an_execution_that_fails(self):
        there = self.run_through(FAIL)
        self.assertEqual((there["status"], there["error"], there["cause"]), ("FAILED", "Order.Refused", "no stock"))
        self.assertNotIn("output", there)

    def test_an_execution_that_is_stopped(self):
        execution = self.start(self.create(WAIT))
        stopped = self.sfn.stop_execution(executionArn=execution, error="Operator", cause="enough")
        there = self.ended(execution)
        self.assertEqual((there["status"], there["error"], there["cause"]), ("ABORTED", "Operator", "enough"))
        self.assertEqual(there["stopDate"], stopped["stopDate"])
        self.assertEqual(self.history(execution)[-1]["type"], "ExecutionAborted")

    def test_data_that_is_not_wanted_is_left_out(self):
        execution = self.start(self.create(PASS), {"secret": 1})
        self.ended(execution)
        there = self.sfn.describe_execution(executionArn=execution, includedData="METADATA_ONLY")
        self.assertNotIn("input", there)
        self.assertNotIn("output", there)
        events = self.sfn.get_execution_history(executionArn=execution, includeExecutionData=False)["events"]
        self.assertNotIn("secret", json.dumps(events, default=str))

    def test_executions_are_listed(self):
        machine_arn = self.create(WAIT)
        executions = [self.start(machine_arn, name=f"e{number}") for number in range(5)]
        self.sfn.stop_execution(executionArn=executions[2])
        self.ended(executions[2])
        pages = list(self.sfn.get_paginator("list_executions").paginate(stateMachineArn=machine_arn, maxResults=2))
        lines = [line for page in pages for line in page["executions"]]
        self.assertEqual([len(page["executions"]) for page in pages], [2, 2, 1])
        self.assertEqual({line["executionArn"] for line in lines}, set(executions))
        self.newest_first(lines)
        self.assertEqual({line["stateMachineArn"] for line in lines}, {machine_arn})
        of = lambda **filters: [
            line["name"] for line in self.sfn.list_executions(stateMachineArn=machine_arn, **filters)["executions"]
        ]
        self.assertEqual(of(statusFilter="ABORTED"), ["e2"])
        self.assertEqual(sorted(of(statusFilter="RUNNING")), ["e0", "e1", "e3", "e4"])
        self.assertEqual(of(statusFilter="SUCCEEDED"), [])
        self.assertEqual(of(redriveFilter="REDRIVEN"), [])
        self.assertEqual(len(of(redriveFilter="NOT_REDRIVEN")), 5)

    def test_a_paginator_goes_on_where_it_stopped(self):
        machine_arn = self.create(PASS)
        for number in range(7):
            self.start(machine_arn, name=f"e{number}")
        paginate = self.sfn.get_paginator("list_executions").paginate
        config = {"PageSize": 3, "MaxItems": 4}
        first = paginate(stateMachineArn=machine_arn, PaginationConfig=config).build_full_result()
        config["StartingToken"] = first["NextToken"]
        rest = paginate(stateMachineArn=machine_arn, PaginationConfig=config).build_full_result()
        lines = first["executions"] + rest["executions"]
        self.assertEqual(sorted(line["name"] for line in lines), [f"e{number}" for number in range(7)])
        self.newest_first(lines)

    def newest_first(self, lines):
        # Those of one millisecond come in any order.
        dates = [line["startDate"] for line in lines]
        self.assertEqual(dates, sorted(dates, reverse=True))

    def test_a_history_in_pages_and_both_orders(self):
        execution = self.start(self.create(CHAIN))
        self.ended(execution)
        events = self.history(execution, PaginationConfig={"PageSize": 7})
        self.assertEqual([event["id"] for event in events], list(range(1, 43)))
        self.assertEqual([events[0]["type"], events[-1]["type"]], ["ExecutionStarted", "ExecutionSucceeded"])
        self.assertEqual(events[0]["executionStartedEventDetails"]["roleArn"], ROLE)
        backwards = self.history(execution, reverseOrder=True, PaginationConfig={"PageSize": 5})
        self.assertEqual(backwards, events[::-1])
        self.assertEqual([event["previousEventId"] for event in events], [0, 0, *range(2, 42)])

    def test_a_map_over_items(self):
        there = self.run_through(MAP, [1, 2, 3])
        self.assertEqual(json.loads(there["output"]), [1, 2, 3])
        kinds = [event["type"] for event in self.history(there["executionArn"])]
        self.assertEqual(kinds.count("MapIterationSucceeded"), 3)

    def test_functions_are_called(self):
        there = self.run_through(call("greet"))
        self.assertEqual(json.loads(there["output"]), {"greeting": "hello"})
        kinds = [event["type"] for event in self.history(there["executionArn"])]
        self.assertEqual(
            kinds,
            [
                "ExecutionStarted",
                "TaskStateEntered",
                "LambdaFunctionScheduled",
                "LambdaFunctionStarted",
                "LambdaFunctionSucceeded",
                "TaskStateExited",
                "ExecutionSucceeded",
            ],
        )

    def test_an_execution_that_failed_is_redriven(self):
        chain = machine({"Type": "Pass"}, {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:recover"})
        machine_arn = self.create(chain)
        execution = self.start(machine_arn)
        failed = self.ended(execution)
        self.assertEqual((failed["status"], failed["redriveStatus"]), ("FAILED", "REDRIVABLE"))
        redriven = self.sfn.redrive_execution(executionArn=execution, clientToken="once")
        there = self.ended(execution)
        self.assertEqual((there["status"], there["redriveCount"]), ("SUCCEEDED", 1))
        self.assertEqual(there["redriveDate"], redriven["redriveDate"])
        kinds = [event["type"] for event in self.history(execution)]
        self.assertEqual(kinds.count("ExecutionRedriven"), 1)
        self.assertEqual(kinds.count("PassStateEntered"), 1)
        listed = self.sfn.list_executions(stateMachineArn=machine_arn, redriveFilter="REDRIVEN")["executions"]
        self.assertEqual([line["redriveCount"] for line in listed], [1])
        self.refused("ExecutionNotRedrivable", self.sfn.redrive_execution, executionArn=execution)

    def test_the_definition_an_execution_was_started_with(self):
        machine_arn = self.create(WAIT)
        execution = self.start(machine_arn)
        updated = self.sfn.update_state_machine(stateMachineArn=machine_arn, definition=PASS)
        there = self.sfn.describe_state_machine_for_execution(executionArn=execution)
        self.assertEqual((there["definition"], there["roleArn"]), (WAIT, ROLE))
        self.assertEqual(there["stateMachineArn"], machine_arn)
        self.assertNotEqual(there.get("revisionId"), updated["revisionId"])
        self.assertEqual(self.ended(self.start(machine_arn))["status"], "SUCCEEDED")
