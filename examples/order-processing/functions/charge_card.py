"""Charges a card. The gateway is busy at the first attempt, so that Retry has something to do."""


class GatewayBusy(Exception):
    pass


class CardDeclined(Exception):
    pass


def handler(event, context):
    if event["retryCount"] == 0:
        raise GatewayBusy("the payment gateway asks to try again")
    if event["card"].startswith("4000"):
        raise CardDeclined(f"card {event['card']} was declined")
    return {"chargeId": f"ch-{event['orderId']}", "attempts": event["retryCount"] + 1}
