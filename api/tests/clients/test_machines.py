"""State machines: create, describe, update, list, delete; versions, aliases, tags."""

from definitions import CHAIN, FAIL, PASS, ROLE, WAIT, arn
from harness import Case


class Machines(Case):
    def test_a_machine_is_described(self):
        name = self.name()
        made = self.sfn.create_state_machine(name=name, definition=PASS, roleArn=ROLE)
        self.assertEqual(made["stateMachineArn"], arn("stateMachine", name))
        there = self.sfn.describe_state_machine(stateMachineArn=made["stateMachineArn"])
        self.assertEqual((there["name"], there["status"], there["type"]), (name, "ACTIVE", "STANDARD"))
        self.assertEqual((there["definition"], there["roleArn"]), (PASS, ROLE))
        self.assertEqual(there["creationDate"], made["creationDate"])
        self.assertEqual(there["loggingConfiguration"], {"level": "OFF", "includeExecutionData": False})
        self.assertEqual(there["tracingConfiguration"], {"enabled": False})

    def test_a_creation_is_idempotent_by_content(self):
        name = self.name()
        create = self.sfn.create_state_machine
        first = create(name=name, definition=PASS, roleArn=ROLE)
        again = create(name=name, definition=PASS, roleArn=ROLE.replace("workflow", "other"))
        self.assertEqual(again["stateMachineArn"], first["stateMachineArn"])
        self.assertEqual(again["creationDate"], first["creationDate"])
        self.refused("StateMachineAlreadyExists", create, name=name, definition=WAIT, roleArn=ROLE)
        self.refused("StateMachineAlreadyExists", create, name=name, definition=PASS, roleArn=ROLE, type="EXPRESS")

    def test_an_update_makes_a_revision(self):
        machine = self.create(PASS)
        updated = self.sfn.update_state_machine(stateMachineArn=machine, definition=FAIL)
        there = self.sfn.describe_state_machine(stateMachineArn=machine)
        self.assertEqual((there["definition"], there["revisionId"]), (FAIL, updated["revisionId"]))
        self.assertEqual(self.ended(self.start(machine))["status"], "FAILED")
        self.refused("MissingRequiredParameter", self.sfn.update_state_machine, stateMachineArn=machine)

    def test_machines_are_listed_and_deleted(self):
        made = {self.create(PASS) for _ in range(5)}
        list_all = lambda: {
            line["stateMachineArn"]
            for page in self.sfn.get_paginator("list_state_machines").paginate(PaginationConfig={"PageSize": 2})
            for line in page["stateMachines"]
        }
        self.assertLessEqual(made, list_all())
        for machine in made:
            self.sfn.delete_state_machine(stateMachineArn=machine)
        self.until(lambda: not made & list_all(), "the end of the machines")
        gone = made.pop()
        self.refused("StateMachineDoesNotExist", self.sfn.describe_state_machine, stateMachineArn=gone)
        self.refused("StateMachineDoesNotExist", self.sfn.start_execution, stateMachineArn=gone)
        self.sfn.delete_state_machine(stateMachineArn=gone)

    def test_versions(self):
        made = self.sfn.create_state_machine(
            name=self.name(), definition=PASS, roleArn=ROLE, publish=True, versionDescription="first"
        )
        machine = made["stateMachineArn"]
        self.assertEqual(made["stateMachineVersionArn"], f"{machine}:1")
        self.sfn.update_state_machine(stateMachineArn=machine, definition=FAIL)
        second = self.sfn.publish_state_machine_version(stateMachineArn=machine, description="second")
        self.assertEqual(second["stateMachineVersionArn"], f"{machine}:2")
        third = self.sfn.update_state_machine(stateMachineArn=machine, definition=CHAIN, publish=True)
        self.assertEqual(third["stateMachineVersionArn"], f"{machine}:3")
        versions = lambda **paging: self.sfn.list_state_machine_versions(stateMachineArn=machine, **paging)
        numbers = lambda page: [line["stateMachineVersionArn"][-1] for line in page["stateMachineVersions"]]
        first = versions(maxResults=2)
        self.assertEqual(numbers(first), ["3", "2"])
        self.assertEqual(numbers(versions(maxResults=2, nextToken=first["nextToken"])), ["1"])
        there = self.sfn.describe_state_machine(stateMachineArn=f"{machine}:1")
        self.assertEqual((there["definition"], there["description"]), (PASS, "first"))
        execution = self.ended(self.start(f"{machine}:1"))
        self.assertEqual(execution["stateMachineVersionArn"], f"{machine}:1")
        self.assertEqual((execution["status"], execution["stateMachineArn"]), ("SUCCEEDED", machine))
        self.sfn.delete_state_machine_version(stateMachineVersionArn=f"{machine}:2")
        self.assertEqual(numbers(versions()), ["3", "1"])
        publish = self.sfn.publish_state_machine_version
        self.refused("ConflictException", publish, stateMachineArn=machine, revisionId="00000000-0000-0000-0000-000000000000")

    def test_aliases(self):
        made = self.sfn.create_state_machine(name=self.name(), definition=PASS, roleArn=ROLE, publish=True)
        machine, first = made["stateMachineArn"], made["stateMachineVersionArn"]
        second = self.sfn.update_state_machine(stateMachineArn=machine, definition=FAIL, publish=True)
        second = second["stateMachineVersionArn"]
        to = lambda *weights: [
            {"stateMachineVersionArn": version, "weight": weight} for version, weight in zip((first, second), weights)
        ]
        create = self.sfn.create_state_machine_alias
        alias = create(name="live", description="what customers get", routingConfiguration=to(100))["stateMachineAliasArn"]
        self.assertEqual(alias, f"{machine}:live")
        self.assertEqual(create(name="live", description="what customers get", routingConfiguration=to(100))["stateMachineAliasArn"], alias)
        self.refused("ConflictException", create, name="live", routingConfiguration=to(50, 50))
        self.refused("ValidationException", create, name="other", routingConfiguration=to(50, 40))
        execution = self.ended(self.start(alias))
        self.assertEqual((execution["stateMachineAliasArn"], execution["stateMachineVersionArn"]), (alias, first))
        self.refused("ConflictException", self.sfn.delete_state_machine_version, stateMachineVersionArn=first)
        update = self.sfn.update_state_machine_alias
        update(stateMachineAliasArn=alias, routingConfiguration=[{"stateMachineVersionArn": second, "weight": 100}])
        there = self.sfn.describe_state_machine_alias(stateMachineAliasArn=alias)
        self.assertEqual((there["name"], there["description"]), ("live", "what customers get"))
        self.assertEqual(there["routingConfiguration"], [{"stateMachineVersionArn": second, "weight": 100}])
        self.assertEqual(self.ended(self.start(alias))["status"], "FAILED")
        create(name="beta", routingConfiguration=to(90, 10))
        aliases = lambda **paging: self.sfn.list_state_machine_aliases(stateMachineArn=machine, **paging)
        page = aliases(maxResults=1)
        rest = aliases(maxResults=1, nextToken=page["nextToken"])
        listed = {line["stateMachineAliasArn"] for line in page["stateMachineAliases"] + rest["stateMachineAliases"]}
        self.assertEqual(listed, {alias, f"{machine}:beta"})
        by_alias = self.sfn.list_executions(stateMachineArn=alias)["executions"]
        self.assertEqual({line["stateMachineAliasArn"] for line in by_alias}, {alias})
        self.sfn.delete_state_machine_alias(stateMachineAliasArn=alias)
        self.refused("ResourceNotFound", self.sfn.describe_state_machine_alias, stateMachineAliasArn=alias)

    def test_a_machine_has_a_hundred_aliases_at_most(self):
        version = self.sfn.create_state_machine(name=self.name(), definition=PASS, roleArn=ROLE, publish=True)
        to = [{"stateMachineVersionArn": version["stateMachineVersionArn"], "weight": 100}]
        create = self.sfn.create_state_machine_alias
        for number in range(100):
            create(name=f"alias-{number}", routingConfiguration=to)
        self.refused("ServiceQuotaExceededException", create, name="one-more", routingConfiguration=to)

    def test_tags(self):
        tags = [{"key": "team", "value": "orders"}, {"key": "stage", "value": "test"}]
        machine = self.create(PASS, tags=tags)
        activity = self.sfn.create_activity(name=self.name(), tags=tags)["activityArn"]
        for resource in (machine, activity):
            of = lambda: {tag["key"]: tag["value"] for tag in self.sfn.list_tags_for_resource(resourceArn=resource)["tags"]}
            self.assertEqual(of(), {"team": "orders", "stage": "test"})
            self.sfn.tag_resource(resourceArn=resource, tags=[{"key": "stage", "value": "live"}, {"key": "cost", "value": ""}])
            self.assertEqual(of(), {"team": "orders", "stage": "live", "cost": ""})
            self.sfn.untag_resource(resourceArn=resource, tagKeys=["team", "nowhere"])
            self.assertEqual(of(), {"stage": "live", "cost": ""})
            many = [{"key": f"k{number}", "value": "v"} for number in range(49)]
            self.refused("TooManyTags", self.sfn.tag_resource, resourceArn=resource, tags=many)
        self.refused("ResourceNotFound", self.sfn.list_tags_for_resource, resourceArn=arn("stateMachine", "nowhere"))

    def test_configurations_are_kept(self):
        group = "arn:aws:logs:us-east-1:123456789012:log-group:orders:*"
        logging = {
            "level": "ERROR",
            "includeExecutionData": True,
            "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": group}}],
        }
        encryption = {"type": "AWS_OWNED_KEY"}
        machine = self.create(
            PASS, loggingConfiguration=logging, tracingConfiguration={"enabled": True}, encryptionConfiguration=encryption
        )
        there = self.sfn.describe_state_machine(stateMachineArn=machine)
        self.assertEqual(there["loggingConfiguration"], logging)
        self.assertEqual(there["tracingConfiguration"], {"enabled": True})
        self.assertEqual(there["encryptionConfiguration"], encryption)
