"""The state machines of the tests."""

import json

REGION, ACCOUNT = "us-east-1", "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/workflow"
YEAR_S = 365 * 24 * 3600


def arn(kind, name):
    return f"arn:aws:states:{REGION}:{ACCOUNT}:{kind}:{name}"


def machine(*states):
    """States that follow each other."""
    names = [f"S{number}" for number in range(len(states))]
    linked = {
        name: {**state, **({"Next": after} if after else {} if state["Type"] in ("Succeed", "Fail") else {"End": True})}
        for name, state, after in zip(names, states, [*names[1:], None])
    }
    return json.dumps({"StartAt": names[0], "States": linked})


def single(**state):
    """One state."""
    return json.dumps({"StartAt": "S0", "States": {"S0": state}})


PASS = machine({"Type": "Pass"})
WAIT = machine({"Type": "Wait", "Seconds": YEAR_S - 1})
FAIL = machine({"Type": "Fail", "Error": "Order.Refused", "Cause": "no stock"})
CHAIN = machine(*[{"Type": "Pass"}] * 20)
CALLBACK = machine(
    {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "HeartbeatSeconds": 3600,
        "Parameters": {"QueueUrl": "https://sqs.us-east-1.amazonaws.com/123456789012/queue", "MessageBody.$": "$$.Task.Token"},
    }
)
MAP = machine(
    {"Type": "Map", "ItemProcessor": {"StartAt": "Item", "States": {"Item": {"Type": "Pass", "End": True}}}}
)


def call(function, **fields):
    """A task of a function."""
    return machine({"Type": "Task", "Resource": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{function}", **fields})


def activity(activity_arn, **fields):
    """A task that a worker takes."""
    return machine({"Type": "Task", "Resource": activity_arn, **fields})


def distributed(state, kind="STANDARD", **fields):
    """A Distributed Map of this state."""
    processor = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": kind},
        "StartAt": "Item",
        "States": {"Item": {**state, **({} if state["Type"] in ("Succeed", "Fail") else {"End": True})}},
    }
    return machine({"Type": "Map", "ItemProcessor": processor, **fields})
