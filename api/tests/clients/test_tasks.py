"""Activities and callbacks: who answers a task, with which token, and when it is too late."""

import json
import threading

from definitions import CALLBACK, activity, arn
from harness import Case


class Tasks(Case):
    def activity(self, **fields):
        return self.sfn.create_activity(name=self.name(), **fields)["activityArn"]

    def test_activities_are_made_listed_and_deleted(self):
        name = self.name()
        made = self.sfn.create_activity(name=name)
        self.assertEqual(made["activityArn"], arn("activity", name))
        self.assertEqual(self.sfn.create_activity(name=name)["creationDate"], made["creationDate"])
        there = self.sfn.describe_activity(activityArn=made["activityArn"])
        self.assertEqual((there["name"], there["creationDate"]), (name, made["creationDate"]))
        others = {self.activity() for _ in range(4)}
        pages = self.sfn.get_paginator("list_activities").paginate(PaginationConfig={"PageSize": 2})
        listed = {line["activityArn"] for page in pages for line in page["activities"]}
        self.assertLessEqual(others | {made["activityArn"]}, listed)
        self.sfn.delete_activity(activityArn=made["activityArn"])
        self.refused("ActivityDoesNotExist", self.sfn.describe_activity, activityArn=made["activityArn"])
        self.refused("ActivityDoesNotExist", self.sfn.get_activity_task, activityArn=made["activityArn"])
        self.sfn.delete_activity(activityArn=made["activityArn"])

    def test_an_activity_is_not_made_anew_with_another_encryption(self):
        name = self.name()
        self.sfn.create_activity(name=name)
        key = "arn:aws:kms:us-east-1:123456789012:key/00000000-0000-0000-0000-000000000000"
        encryption = {"type": "CUSTOMER_MANAGED_KMS_KEY", "kmsKeyId": key, "kmsDataKeyReusePeriodSeconds": 60}
        self.refused("ActivityAlreadyExists", self.sfn.create_activity, name=name, encryptionConfiguration=encryption)

    def test_a_worker_takes_a_task_and_answers(self):
        worked_on = self.activity()
        execution = self.start(self.create(activity(worked_on, HeartbeatSeconds=3600)), {"order": 7})
        task = self.sfn.get_activity_task(activityArn=worked_on, workerName="ada")
        self.assertEqual(json.loads(task["input"]), {"order": 7})
        self.sfn.send_task_heartbeat(taskToken=task["taskToken"])
        self.sfn.send_task_success(taskToken=task["taskToken"], output='{"done": true}')
        there = self.ended(execution)
        self.assertEqual((there["status"], json.loads(there["output"])), ("SUCCEEDED", {"done": True}))
        started = next(event for event in self.history(execution) if event["type"] == "ActivityStarted")
        self.assertEqual(started["activityStartedEventDetails"]["workerName"], "ada")
        for late in (
            lambda: self.refused("TaskTimedOut", self.sfn.send_task_success, taskToken=task["taskToken"], output="1"),
            lambda: self.refused("TaskTimedOut", self.sfn.send_task_failure, taskToken=task["taskToken"]),
            lambda: self.refused("TaskTimedOut", self.sfn.send_task_heartbeat, taskToken=task["taskToken"]),
        ):
            late()

    def test_a_worker_that_waits_gets_the_task_that_comes(self):
        worked_on, found = self.activity(), []
        poll = threading.Thread(target=lambda: found.append(self.sfn.get_activity_task(activityArn=worked_on)))
        poll.start()
        execution = self.start(self.create(activity(worked_on)), 1)
        poll.join()
        self.sfn.send_task_failure(taskToken=found[0]["taskToken"], error="Worker.Tired", cause="it is late")
        there = self.ended(execution)
        self.assertEqual((there["status"], there["error"], there["cause"]), ("FAILED", "Worker.Tired", "it is late"))

    def test_each_task_goes_to_one_worker(self):
        worked_on = self.activity()
        machine = self.create(activity(worked_on))
        executions = [self.start(machine, number) for number in range(8)]

        def work():
            for _ in range(2):
                task = self.sfn.get_activity_task(activityArn=worked_on)
                self.sfn.send_task_success(taskToken=task["taskToken"], output=task["input"])

        workers = [threading.Thread(target=work) for _ in range(4)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        self.assertEqual([self.ended(execution)["output"] for execution in executions], list("01234567"))

    def test_a_callback_is_answered(self):
        execution = self.start(self.create(CALLBACK))
        token = self.token(execution)
        self.sfn.send_task_heartbeat(taskToken=token)
        self.sfn.send_task_success(taskToken=token, output='"approved"')
        self.assertEqual(self.ended(execution)["output"], '"approved"')
        refused = self.start(self.create(CALLBACK))
        self.sfn.send_task_failure(taskToken=self.token(refused), error="Refused")
        self.assertEqual(self.ended(refused)["error"], "Refused")

    def test_a_token_of_an_execution_that_is_gone(self):
        execution = self.start(self.create(CALLBACK))
        token = self.token(execution)
        self.sfn.stop_execution(executionArn=execution)
        self.refused("TaskTimedOut", self.sfn.send_task_success, taskToken=token, output="1")
