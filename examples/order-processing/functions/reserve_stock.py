"""Reserves what an order needs. The warehouse is a table in this file."""

STOCK = {"anvil": 3, "rocket-skates": 10, "bird-seed": 500}


class OutOfStock(Exception):
    pass


def handler(event, context):
    for line in event["lines"]:
        if STOCK.get(line["sku"], 0) < line["quantity"]:
            raise OutOfStock(f"{line['sku']}: {line['quantity']} wanted, {STOCK.get(line['sku'], 0)} there")
    return {
        "reservationId": f"res-{event['orderId']}",
        "units": sum(line["quantity"] for line in event["lines"]),
    }
