"""Checks an order and adds up its lines."""


class InvalidOrder(Exception):
    pass


def handler(event, context):
    lines = event.get("lines", [])
    if not lines:
        raise InvalidOrder("an order needs at least one line")
    for line in lines:
        if line["quantity"] < 1:
            raise InvalidOrder(f"{line['sku']}: the quantity is {line['quantity']}")
    return {
        "orderId": event["orderId"],
        "lines": lines,
        "totalCents": sum(line["quantity"] * line["priceCents"] for line in lines),
    }
