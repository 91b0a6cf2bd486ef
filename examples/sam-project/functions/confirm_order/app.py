import os


def handler(event, context):
    return {
        "status": "CONFIRMED",
        "orderId": event["orderId"],
        "toPay": f"{event['total'] + event['shipping']} {event['currency']}",
        "kept in": os.environ["ORDERS_TABLE"],
        "told to": os.environ["QUEUE_URL"],
        "stage": os.environ["STAGE"],
    }
