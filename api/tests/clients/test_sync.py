"""StartSyncExecution, TestState and ValidateStateMachineDefinition."""

import json

from definitions import FAIL, PASS, ROLE, call
from harness import Case, client, server


class Sync(Case):
    def test_a_synchronous_execution(self):
        machine = self.express(PASS)
        name = self.name()
        ended = self.sfn.start_sync_execution(stateMachineArn=machine, name=name, input='{"id": 7}', traceHeader="Root=1")
        self.assertEqual((ended["status"], ended["name"], ended["stateMachineArn"]), ("SUCCEEDED", name, machine))
        self.assertEqual((json.loads(ended["input"]), json.loads(ended["output"])), ({"id": 7}, {"id": 7}))
        self.assertEqual(ended["traceHeader"], "Root=1")
        self.assertGreaterEqual(ended["stopDate"], ended["startDate"])
        billing = ended["billingDetails"]
        self.assertEqual((billing["billedMemoryUsedInMB"], billing["billedDurationInMilliseconds"] % 100), (64, 0))
        metadata = self.sfn.start_sync_execution(stateMachineArn=machine, includedData="METADATA_ONLY")
        self.assertNotIn("output", metadata)

    def test_a_failure_is_an_answer(self):
        ended = self.sfn.start_sync_execution(stateMachineArn=self.express(FAIL))
        self.assertEqual((ended["status"], ended["error"], ended["cause"]), ("FAILED", "Order.Refused", "no stock"))

    def test_only_express_machines_run_so(self):
        start = self.sfn.start_sync_execution
        self.refused("StateMachineTypeNotSupported", start, stateMachineArn=self.create(PASS))

    def test_an_express_execution_is_started_and_not_described(self):
        machine = self.express(PASS)
        started = self.start(machine, {"id": 7})
        self.assertIn(":express:", started)
        self.refused("InvalidArn", self.sfn.describe_execution, executionArn=started)
        self.refused("StateMachineTypeNotSupported", self.sfn.list_executions, stateMachineArn=machine)

    def test_clients_may_leave_the_prefix_out(self):
        plain = client(inject_host_prefix=False)
        self.assertEqual(plain.start_sync_execution(stateMachineArn=self.express(PASS))["status"], "SUCCEEDED")
        self.assertEqual(plain.test_state(definition='{"Type": "Succeed"}')["status"], "SUCCEEDED")

    def test_every_name_of_this_machine_is_served(self):
        machine = self.express(PASS)
        for host in ("localhost", "127.0.0.1"):
            there = client(url=f"http://{host}:{server().port}")
            self.assertEqual(there.start_sync_execution(stateMachineArn=machine)["status"], "SUCCEEDED", host)
            there.list_state_machines()


class TestOfStates(Case):
    def test_a_state_alone(self):
        state = json.dumps({"Type": "Pass", "Parameters": {"id.$": "$.order"}, "ResultPath": "$.made", "Next": "Then"})
        tested = self.sfn.test_state(definition=state, input='{"order": 7}', inspectionLevel="DEBUG")
        self.assertEqual((tested["status"], tested["nextState"]), ("SUCCEEDED", "Then"))
        self.assertEqual(json.loads(tested["output"]), {"order": 7, "made": {"id": 7}})
        self.assertEqual(json.loads(tested["inspectionData"]["afterParameters"]), {"id": 7})

    def test_a_state_of_a_machine_with_a_mock(self):
        tested = self.sfn.test_state(
            definition=call("greet", Catch=[{"ErrorEquals": ["Order.Refused"], "Next": "S0"}]),
            stateName="S0",
            mock={"errorOutput": {"error": "Order.Refused", "cause": "no stock"}},
        )
        self.assertEqual((tested["status"], tested["error"], tested["nextState"]), ("CAUGHT_ERROR", "Order.Refused", "S0"))

    def test_a_task_is_called(self):
        state = json.loads(call("greet"))["States"]["S0"]
        tested = self.sfn.test_state(definition=json.dumps(state), roleArn=ROLE)
        self.assertEqual((tested["status"], json.loads(tested["output"])), ("SUCCEEDED", {"greeting": "hello"}))

    def test_what_cannot_be_tested(self):
        self.refused("InvalidDefinition", self.sfn.test_state, definition="{}")
        state = '{"Type": "Pass", "End": true}'
        self.refused("InvalidExecutionInput", self.sfn.test_state, definition=state, input="{")
        self.refused("ValidationException", self.sfn.test_state, definition=PASS, stateName="nowhere")


class Validation(Case):
    def test_definitions_are_judged(self):
        validate = self.sfn.validate_state_machine_definition
        good = validate(definition=PASS)
        self.assertEqual((good["result"], good["diagnostics"], good["truncated"]), ("OK", [], False))
        bad = validate(definition='{"StartAt": "A", "States": {"B": {"Type": "Nothing"}, "C": {"Type": "Wait"}}}')
        self.assertEqual(bad["result"], "FAIL")
        self.assertEqual({problem["severity"] for problem in bad["diagnostics"]}, {"ERROR"})
        first = validate(definition='{"StartAt": "A", "States": {"B": {"Type": "Nothing"}, "C": {"Type": "Wait"}}}', maxResults=1)
        self.assertEqual((len(first["diagnostics"]), first["truncated"]), (1, True))
