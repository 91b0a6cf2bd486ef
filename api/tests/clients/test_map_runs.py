"""Map runs: what a Distributed Map's children come to, and what can be changed while it runs."""

import json

from definitions import ACCOUNT, MAP, REGION, WAIT, distributed
from harness import Case


class MapRuns(Case):
    def map_run(self, execution):
        find = lambda: self.sfn.list_map_runs(executionArn=execution)["mapRuns"]
        return self.until(find, "the map run")[0]["mapRunArn"]

    def test_a_map_run_that_succeeds(self):
        for kind in ("STANDARD", "EXPRESS"):
            execution = self.start(self.create(distributed({"Type": "Pass"}, kind, Label="items")), [1, 2, 3])
            self.assertEqual(json.loads(self.ended(execution)["output"]), [1, 2, 3])
            map_run = self.map_run(execution)
            there = self.sfn.describe_map_run(mapRunArn=map_run)
            self.assertEqual((there["status"], there["executionArn"]), ("SUCCEEDED", execution))
            for counts in (there["itemCounts"], there["executionCounts"]):
                self.assertEqual((counts["total"], counts["succeeded"], counts["failed"]), (3, 3, 0))
            paginate = self.sfn.get_paginator("list_executions").paginate
            pages = paginate(mapRunArn=map_run, PaginationConfig={"PageSize": 2})
            children = [line for page in pages for line in page["executions"]]
            self.assertEqual([child["status"] for child in children], ["SUCCEEDED"] * 3)
            child = self.sfn.describe_execution(executionArn=children[0]["executionArn"])
            self.assertEqual(child["mapRunArn"], map_run)
            kinds = [event["type"] for event in self.history(execution)]
            self.assertEqual([kind for kind in kinds if kind.startswith("MapRun")], ["MapRunStarted", "MapRunSucceeded"])

    def test_map_runs_are_listed(self):
        machine = self.create(distributed({"Type": "Pass"}))
        execution = self.start(machine, [1])
        self.ended(execution)
        pages = self.sfn.get_paginator("list_map_runs").paginate(executionArn=execution, PaginationConfig={"PageSize": 1})
        listed = [line for page in pages for line in page["mapRuns"]]
        self.assertEqual([line["executionArn"] for line in listed], [execution])
        inline = self.ended(self.start(self.create(MAP), [1]))
        self.assertEqual(self.sfn.list_map_runs(executionArn=inline["executionArn"])["mapRuns"], [])

    def test_a_map_run_beyond_its_tolerance(self):
        definition = distributed({"Type": "Fail", "Error": "Item.Bad"}, ToleratedFailureCount=1)
        execution = self.start(self.create(definition), [1, 2, 3])
        there = self.ended(execution)
        self.assertEqual((there["status"], there["error"]), ("FAILED", "States.ExceedToleratedFailureThreshold"))
        self.assertEqual(self.sfn.describe_map_run(mapRunArn=self.map_run(execution))["status"], "FAILED")

    def test_a_map_run_is_changed_while_it_runs(self):
        wait = json.loads(WAIT)["States"]["S0"]
        wait.pop("End")
        execution = self.start(self.create(distributed(wait, MaxConcurrency=1)), [1, 2])
        map_run = self.map_run(execution)
        self.sfn.update_map_run(mapRunArn=map_run, maxConcurrency=2, toleratedFailureCount=5, toleratedFailurePercentage=50.0)
        there = self.sfn.describe_map_run(mapRunArn=map_run)
        changed = (there["maxConcurrency"], there["toleratedFailureCount"], there["toleratedFailurePercentage"])
        self.assertEqual((there["status"], changed), ("RUNNING", (2, 5, 50.0)))
        children = lambda: self.sfn.list_executions(mapRunArn=map_run, statusFilter="RUNNING")["executions"]
        self.until(lambda: len(children()) == 2, "the second child")
        self.sfn.stop_execution(executionArn=execution)
        self.until(lambda: not children(), "the end of the children")
        self.assertEqual(self.sfn.describe_map_run(mapRunArn=map_run)["status"], "ABORTED")
        self.refused("ValidationException", self.sfn.update_map_run, mapRunArn=map_run, maxConcurrency=3)

    def test_a_map_run_that_is_not_there(self):
        nowhere = f"arn:aws:states:{REGION}:{ACCOUNT}:mapRun:none/items:00000000-0000-0000-0000-000000000000"
        self.refused("ResourceNotFound", self.sfn.describe_map_run, mapRunArn=nowhere)
        self.refused("ResourceNotFound", self.sfn.update_map_run, mapRunArn=nowhere, maxConcurrency=1)
