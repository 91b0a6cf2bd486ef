"""Executions that states start: their workers, their tokens, and what their parents have of them."""

import json

from definitions import PASS, WAIT, activity, arn, machine
from harness import Case


def nested(machine_arn, waits="", **parameters):
    """A state that starts an execution."""
    return {
        "Type": "Task",
        "Resource": f"arn:aws:states:::states:startExecution{waits}",
        "Parameters": {"StateMachineArn": machine_arn, **parameters},
    }


class Nested(Case):
    def test_a_worker_does_what_an_execution_waits_for_that_is_waited_for(self):
        worked_on = self.sfn.create_activity(name=self.name())["activityArn"]
        child = self.create(activity(worked_on, HeartbeatSeconds=3600))
        started_by = {"AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID.$": "$$.Execution.Id"}
        parent = self.start(self.create(machine(nested(child, ".sync:2", Input=started_by))))
        task = self.sfn.get_activity_task(activityArn=worked_on, workerName="ada")
        self.assertEqual(json.loads(task["input"]), {"AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID": parent})
        self.sfn.send_task_heartbeat(taskToken=task["taskToken"])
        self.sfn.send_task_success(taskToken=task["taskToken"], output='{"done": true}')
        output = json.loads(self.ended(parent)["output"])
        self.assertEqual((output["Status"], output["Output"]), ("SUCCEEDED", {"done": True}))
        there = self.sfn.describe_execution(executionArn=output["ExecutionArn"])
        self.assertEqual(there["stateMachineArn"], child)
        self.assertEqual(round(there["startDate"].timestamp() * 1000), output["StartDate"])

    def test_a_failure_of_a_worker_describes_the_execution_to_its_parent(self):
        worked_on = self.sfn.create_activity(name=self.name())["activityArn"]
        child = self.create(activity(worked_on))
        parent = self.start(self.create(machine(nested(child, ".sync", Name="child"))))
        task = self.sfn.get_activity_task(activityArn=worked_on)
        self.sfn.send_task_failure(taskToken=task["taskToken"], error="Refused", cause="not today")
        there = self.ended(parent)
        cause = json.loads(there["cause"])
        self.assertEqual((there["status"], there["error"]), ("FAILED", "States.TaskFailed"))
        self.assertEqual((cause["Error"], cause["Cause"], cause["Status"]), ("Refused", "not today", "FAILED"))

    def test_a_token_is_answered_by_whoever_has_it_from_the_execution(self):
        child = self.create(PASS)
        waits = nested(child, ".waitForTaskToken", Name="child", Input={"token.$": "$$.Task.Token"})
        parent = self.start(self.create(machine(waits)))

        def begun():
            submitted = [event for event in self.history(parent) if event["type"] == "TaskSubmitted"]
            return submitted and json.loads(submitted[0]["taskSubmittedEventDetails"]["output"])

        given = self.ended(self.until(begun, "the child")["ExecutionArn"])["input"]
        self.sfn.send_task_success(taskToken=json.loads(given)["token"], output='{"approved": true}')
        self.assertEqual(json.loads(self.ended(parent)["output"]), {"approved": True})

    def test_what_stops_the_parent_stops_the_execution(self):
        child = self.create(WAIT)
        parent = self.start(self.create(machine(nested(child, ".sync"))))

        def running():
            return self.sfn.list_executions(stateMachineArn=child, statusFilter="RUNNING")["executions"]

        found = self.until(running, "the child")
        self.sfn.stop_execution(executionArn=parent, error="Enough", cause="by hand")
        self.assertEqual(self.ended(found[0]["executionArn"])["status"], "ABORTED")

    def test_a_task_of_an_activity_that_is_not_there_fails_at_once(self):
        missing = arn("activity", self.name())
        execution = self.start(self.create(activity(missing)))
        self.assertEqual(self.ended(execution)["status"], "FAILED")
        failed = next(event for event in self.history(execution) if event["type"] == "ActivityScheduleFailed")
        self.assertIn(missing, failed["activityScheduleFailedEventDetails"]["cause"])

    def test_the_api_is_called_by_states(self):
        """Each call is a question of a state; its answer has the members that boto3 has, with capitals."""
        child = self.create(PASS)
        done = self.start(child, {"a": 1}, name="done")
        self.ended(done)
        for action, parameters, member in (
            ("describeExecution", {"ExecutionArn": done}, "Output"),
            ("describeStateMachine", {"StateMachineArn": child}, "Definition"),
            ("getExecutionHistory", {"ExecutionArn": done, "MaxResults": 2}, "Events"),
            ("listExecutions", {"StateMachineArn": child, "StatusFilter": "SUCCEEDED"}, "Executions"),
            ("listStateMachines", {"MaxResults": 1}, "StateMachines"),
            ("stopExecution", {"ExecutionArn": done}, "StopDate"),
        ):
            state = {"Type": "Task", "Resource": f"arn:aws:states:::aws-sdk:sfn:{action}", "Parameters": parameters}
            there = self.ended(self.start(self.create(machine(state))))
            self.assertEqual(there["status"], "SUCCEEDED", (action, there.get("cause")))
            self.assertIn(member, json.loads(there["output"]), action)
