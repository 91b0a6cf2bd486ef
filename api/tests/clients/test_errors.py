"""Every error of AWS's model that a caller can bring about, as boto3 raises it."""

import botocore.exceptions

from definitions import ACCOUNT, CALLBACK, PASS, REGION, ROLE, WAIT, arn
from harness import Case, client

NOBODY = "nobody-has-made-this"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/00000000-0000-0000-0000-000000000000"


class Errors(Case):
    def check(self, code, operation, **fields):
        with self.subTest(code=code, operation=operation, **fields):
            self.refused(code, getattr(self.sfn, operation), **fields)

    def test_what_is_not_there(self):
        machine, execution = arn("stateMachine", NOBODY), arn("execution", f"{NOBODY}:e")
        self.check("StateMachineDoesNotExist", "describe_state_machine", stateMachineArn=machine)
        self.check("StateMachineDoesNotExist", "update_state_machine", stateMachineArn=machine, definition=PASS)
        self.check("StateMachineDoesNotExist", "start_execution", stateMachineArn=machine)
        self.check("StateMachineDoesNotExist", "start_sync_execution", stateMachineArn=machine)
        self.check("StateMachineDoesNotExist", "list_executions", stateMachineArn=machine)
        self.check("StateMachineDoesNotExist", "publish_state_machine_version", stateMachineArn=machine)
        self.check("ExecutionDoesNotExist", "describe_execution", executionArn=execution)
        self.check("ExecutionDoesNotExist", "describe_state_machine_for_execution", executionArn=execution)
        self.check("ExecutionDoesNotExist", "get_execution_history", executionArn=execution)
        self.check("ExecutionDoesNotExist", "list_map_runs", executionArn=execution)
        self.check("ExecutionDoesNotExist", "redrive_execution", executionArn=execution)
        self.check("ExecutionDoesNotExist", "stop_execution", executionArn=execution)
        self.check("ActivityDoesNotExist", "describe_activity", activityArn=arn("activity", NOBODY))
        self.check("ActivityDoesNotExist", "get_activity_task", activityArn=arn("activity", NOBODY))
        self.check("ResourceNotFound", "tag_resource", resourceArn=machine, tags=[{"key": "k", "value": "v"}])
        self.check("ResourceNotFound", "untag_resource", resourceArn=machine, tagKeys=["k"])
        self.check("ResourceNotFound", "list_tags_for_resource", resourceArn=machine)
        self.check("ResourceNotFound", "describe_state_machine_alias", stateMachineAliasArn=f"{machine}:live")

    def test_arns_that_are_none(self):
        for operation, member in (
            ("describe_activity", "activityArn"),
            ("delete_activity", "activityArn"),
            ("describe_execution", "executionArn"),
            ("stop_execution", "executionArn"),
            ("redrive_execution", "executionArn"),
            ("get_execution_history", "executionArn"),
            ("list_map_runs", "executionArn"),
            ("describe_map_run", "mapRunArn"),
            ("describe_state_machine", "stateMachineArn"),
            ("delete_state_machine", "stateMachineArn"),
            ("list_executions", "stateMachineArn"),
            ("start_execution", "stateMachineArn"),
            ("list_tags_for_resource", "resourceArn"),
        ):
            self.check("InvalidArn", operation, **{member: "no-arn"})
        self.check("InvalidArn", "update_map_run", mapRunArn="no-arn", maxConcurrency=1)

    def test_values_that_are_not_taken(self):
        create = {"name": self.name(), "definition": PASS, "roleArn": ROLE}
        self.check("InvalidName", "create_state_machine", **{**create, "name": "a b"})
        self.check("InvalidName", "create_activity", name="a/b")
        self.check("InvalidName", "start_execution", stateMachineArn=self.create(PASS), name="a?b")
        self.check("InvalidDefinition", "create_state_machine", **{**create, "definition": "{}"})
        self.check("InvalidDefinition", "update_state_machine", stateMachineArn=self.create(PASS), definition="no")
        self.check("InvalidExecutionInput", "start_execution", stateMachineArn=self.create(PASS), input="{")
        self.check("InvalidExecutionInput", "start_sync_execution", stateMachineArn=self.express(PASS), input="")
        self.check("InvalidLoggingConfiguration", "create_state_machine", **create, loggingConfiguration={"level": "ALL"})
        encryption = {"type": "AWS_OWNED_KEY", "kmsKeyId": KEY}
        self.check("InvalidEncryptionConfiguration", "create_state_machine", **create, encryptionConfiguration=encryption)
        tags = [{"key": f"k{number}", "value": "v"} for number in range(51)]
        self.check("TooManyTags", "create_activity", name=self.name(), tags=tags)

    def test_tokens_that_are_none(self):
        machine = self.create(WAIT)
        execution = self.start(machine)
        self.check("InvalidToken", "send_task_success", taskToken="no-token", output="1")
        self.check("InvalidToken", "send_task_failure", taskToken="no-token")
        self.check("InvalidToken", "send_task_heartbeat", taskToken="no-token")
        self.check("InvalidToken", "list_executions", stateMachineArn=machine, nextToken="no-token")
        self.check("InvalidToken", "get_execution_history", executionArn=execution, nextToken="no-token")
        for listing in ("list_state_machines", "list_activities"):
            self.check("InvalidToken", listing, nextToken="no-token")

    def test_outputs_that_are_none(self):
        token = self.token(self.start(self.create(CALLBACK)))
        self.check("InvalidOutput", "send_task_success", taskToken=token, output="{")

    def test_constraints_that_clients_do_not_check(self):
        plain = client(parameter_validation=False)
        for operation, fields in (
            ("describe_execution", {}),
            ("describe_execution", {"executionArn": "x" * 257}),
            ("list_state_machines", {"maxResults": 1001}),
            ("create_activity", {"name": "x" * 81}),
            ("create_state_machine", {"name": "n", "definition": PASS, "roleArn": ROLE, "type": "FAST"}),
            ("list_executions", {"stateMachineArn": arn("stateMachine", NOBODY), "statusFilter": "GONE"}),
        ):
            with self.subTest(operation=operation, **fields):
                with self.assertRaises(botocore.exceptions.ClientError) as caught:
                    getattr(plain, operation)(**fields)
                self.assertEqual(caught.exception.response["Error"]["Code"], "ValidationException")
                self.assertIn("failed to satisfy constraint", caught.exception.response["Error"]["Message"])

    def test_what_botocore_itself_does_not_send(self):
        for operation, fields in (
            ("describe_execution", {}),
            ("describe_execution", {"executionArn": 7}),
            ("describe_execution", {"executionArn": ""}),
            ("list_executions", {"maxResults": "ten"}),
        ):
            with self.subTest(operation=operation, **fields):
                with self.assertRaises(botocore.exceptions.ParamValidationError):
                    getattr(self.sfn, operation)(**fields)
