"""Whether answers are what AWS's model of the API says: botocore reads much that other clients would not."""

import json

ANSWERED = set()
REFUSED = set()


class NotInTheModel(AssertionError):
    """An answer that AWS would not give."""


def watch(client):
    """Has every answer to this client checked."""
    client.meta.events.register("after-call.sfn", _check)


def _check(http_response, model, **_):
    body = json.loads(http_response.content)
    if "x-amzn-requestid" not in {name.lower() for name in http_response.headers}:
        raise NotInTheModel(f"{model.name}: the answer has no request id")
    if http_response.status_code == 200:
        _conforms(body, model.output_shape, model.name)
        ANSWERED.add(model.name)
        return
    code, message = body.get("__type"), body.get("message")
    if http_response.status_code >= 500 or not isinstance(code, str) or not isinstance(message, str):
        raise NotInTheModel(f"{model.name}: {http_response.status_code} {body}")
    REFUSED.add(code.rsplit("#", 1)[-1])


def _conforms(value, shape, path):
    wrong = NotInTheModel(f"{path}: {shape.type_name} expected, not {value!r}")
    if value is None:
        return
    kind = shape.type_name
    if kind == "structure":
        if not isinstance(value, dict):
            raise wrong
        unknown = value.keys() - shape.members.keys()
        missing = [name for name in shape.required_members if value.get(name) is None]
        # A poll that found nothing has a token that is null.
        if unknown or missing:
            raise NotInTheModel(f"{path}: unknown {sorted(unknown)}, missing {missing}")
        for name, member in value.items():
            _conforms(member, shape.members[name], f"{path}.{name}")
    elif kind == "list":
        if not isinstance(value, list):
            raise wrong
        for at, item in enumerate(value):
            _conforms(item, shape.member, f"{path}[{at}]")
    elif kind == "map":
        if not isinstance(value, dict):
            raise wrong
        for name, item in value.items():
            _conforms(item, shape.value, f"{path}.{name}")
    elif kind == "string":
        if not isinstance(value, str) or (shape.enum and value not in shape.enum):
            raise wrong
    elif kind == "boolean":
        if not isinstance(value, bool):
            raise wrong
    elif kind in ("integer", "long"):
        if not isinstance(value, int) or isinstance(value, bool):
            raise wrong
    elif kind in ("float", "double", "timestamp"):
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            raise wrong
    else:
        raise NotInTheModel(f"{path}: a shape of the kind {kind}")
