"""The functions of the workflow. Time comes from the workflow, so that a clock that jumps is seen here too."""

from datetime import datetime, timedelta, timezone

REMINDER_DAYS = 3


def parse(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(timezone.utc)


def plan_trial(event, context):
    """The reminder goes out a few days before the trial ends."""
    remind_at = parse(event["startedAt"]) + timedelta(days=event["trialDays"] - REMINDER_DAYS)
    return {"remindAt": remind_at.strftime("%Y-%m-%dT%H:%M:%SZ")}


def ask(event, context):
    """Here a mail with the token would be sent. The answer comes later, from somebody else, or never."""
    print(f"to {event['who']}: {event['question']}")


def close_trial(event, context):
    return {
        "status": "CLOSED",
        "daysPassed": (parse(event["closedAt"]) - parse(event["startedAt"])).days,
        "unanswered": event["unanswered"],
    }
