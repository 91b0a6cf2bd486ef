"""Stands for the manager, who pays for travel and nothing else."""


class Declined(Exception):
    pass


def handler(event, context):
    others = [category for category in event["categories"] if category != "travel"]
    if others:
        raise Declined(f"no more than the limit for {' and '.join(others)}, please ({event['question']})")
    return {"manager": "the head of travel", "answer": "yes"}
