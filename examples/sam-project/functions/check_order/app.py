class EmptyOrder(Exception):
    pass


def handler(event, context):
    if not event["items"]:
        raise EmptyOrder("there is nothing in the order")
    return event
