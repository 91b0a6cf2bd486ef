"""Runs all tests, or those that are named, and tells in one line at the end what came of them."""

import sys
import unittest

import boto3

import harness
import model

# What takes a hundred thousand resources, a key of AWS's, or ninety days.
NOT_PROVOKED = {
    "ActivityLimitExceeded",
    "ActivityWorkerLimitExceeded",
    "ExecutionLimitExceeded",
    "InvalidTracingConfiguration",
    "KmsAccessDeniedException",
    "KmsInvalidStateException",
    "KmsThrottlingException",
    "StateMachineDeleting",
    "StateMachineLimitExceeded",
    "TaskDoesNotExist",
}


class Whole(unittest.TestCase):
    """What only all tests together show."""

    def test_every_operation_was_answered(self):
        operations = harness.client().meta.service_model.operation_names
        self.assertEqual(sorted(set(operations) - model.ANSWERED), [])

    def test_every_error_was_seen(self):
        errors = {shape.name for shape in harness.client().meta.service_model.error_shapes}
        self.assertEqual(sorted(errors - model.REFUSED - NOT_PROVOKED), [])

    def test_the_server_ends_when_it_is_asked_to(self):
        self.assertEqual(harness.stop(), 0)


def main():
    named = [argument for argument in sys.argv[1:] if not argument.startswith("-")]
    verbosity = 2 if "-v" in sys.argv else 1
    loader = unittest.defaultTestLoader
    suite = loader.loadTestsFromNames(named) if named else loader.discover(".", pattern="test_*.py")
    if not named:
        suite.addTests(loader.loadTestsFromTestCase(Whole))
    harness.resolve_prefixed_names()
    print(f"boto3 {boto3.__version__}", flush=True)
    try:
        result = unittest.TextTestRunner(verbosity=verbosity, stream=sys.stdout).run(suite)
    finally:
        if named:
            harness.stop()
    # Of a test with many parts each part that fails is told, and the test is counted once.
    failed = len({getattr(test, "test_case", test).id() for test, _ in result.failures + result.errors})
    print(f"{max(result.testsRun - failed, 0)} passed, {failed} failed")
    sys.exit(1 if failed else 0)


main()
