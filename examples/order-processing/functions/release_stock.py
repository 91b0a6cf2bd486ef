"""Puts reserved units back. Retry may call it again: the reservation's id makes that harmless."""


def handler(event, context):
    return {"released": event["reservationId"], "units": event["units"]}
