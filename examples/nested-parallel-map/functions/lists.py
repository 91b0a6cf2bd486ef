"""The functions of the workflow, all in one file."""


def generate_list(event, context):
    """Numbers from -10 to 10 that look mixed up and are the same every time."""
    return [i * 13 % 21 - 10 for i in range(event["length"])]


def absolute(event, context):
    return abs(event)


def add(event, context):
    return event["number"] + event["amount"]


def total(event, context):
    return {name: sum(numbers) for name, numbers in event.items()}
