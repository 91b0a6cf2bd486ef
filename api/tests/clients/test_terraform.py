"""The calls that Terraform's provider makes for its resources, in their order: plan, apply, change, destroy."""

from definitions import CHAIN, PASS, ROLE
from harness import Case

TAGS = [{"key": "managed-by", "value": "terraform"}]


class Resources(Case):
    def test_a_state_machine(self):
        name = self.name()
        self.assertEqual(self.sfn.validate_state_machine_definition(definition=PASS, type="STANDARD")["result"], "OK")
        configurations = {
            "loggingConfiguration": {"level": "OFF", "includeExecutionData": False},
            "tracingConfiguration": {"enabled": False},
            "encryptionConfiguration": {"type": "AWS_OWNED_KEY"},
        }
        machine = self.sfn.create_state_machine(
            name=name, definition=PASS, roleArn=ROLE, type="STANDARD", publish=False, tags=TAGS, **configurations
        )["stateMachineArn"]

        def read():
            there = self.sfn.describe_state_machine(stateMachineArn=machine)
            self.assertEqual((there["status"], there["name"], there["roleArn"]), ("ACTIVE", name, ROLE))
            self.assertEqual({of: there[of] for of in configurations}, configurations)
            self.assertEqual(self.sfn.list_tags_for_resource(resourceArn=machine)["tags"], TAGS)
            versions = self.sfn.list_state_machine_versions(stateMachineArn=machine)["stateMachineVersions"]
            return there["definition"], versions

        self.assertEqual(read(), (PASS, []))
        self.sfn.update_state_machine(
            stateMachineArn=machine, definition=CHAIN, roleArn=ROLE, publish=False, **configurations
        )
        self.until(lambda: read() == (CHAIN, []), "the change")
        self.sfn.delete_state_machine(stateMachineArn=machine)
        self.refused("StateMachineDoesNotExist", self.sfn.describe_state_machine, stateMachineArn=machine)

    def test_an_alias(self):
        made = self.sfn.create_state_machine(name=self.name(), definition=PASS, roleArn=ROLE, publish=True)
        routing = [{"stateMachineVersionArn": made["stateMachineVersionArn"], "weight": 100}]
        create, update = self.sfn.create_state_machine_alias, self.sfn.update_state_machine_alias
        alias = create(name="live", description="", routingConfiguration=routing)["stateMachineAliasArn"]
        read = lambda: self.sfn.describe_state_machine_alias(stateMachineAliasArn=alias)
        self.assertEqual((read()["name"], read()["routingConfiguration"]), ("live", routing))
        update(stateMachineAliasArn=alias, description="what customers get", routingConfiguration=routing)
        self.assertEqual(read()["description"], "what customers get")
        self.sfn.delete_state_machine_alias(stateMachineAliasArn=alias)
        self.refused("ResourceNotFound", read)

    def test_an_activity(self):
        activity = self.sfn.create_activity(name=self.name(), tags=TAGS)["activityArn"]
        self.sfn.describe_activity(activityArn=activity)
        self.assertEqual(self.sfn.list_tags_for_resource(resourceArn=activity)["tags"], TAGS)
        self.sfn.tag_resource(resourceArn=activity, tags=[{"key": "team", "value": "orders"}])
        self.sfn.untag_resource(resourceArn=activity, tagKeys=["managed-by"])
        self.assertEqual([tag["key"] for tag in self.sfn.list_tags_for_resource(resourceArn=activity)["tags"]], ["team"])
        self.sfn.delete_activity(activityArn=activity)
        self.refused("ActivityDoesNotExist", self.sfn.describe_activity, activityArn=activity)
