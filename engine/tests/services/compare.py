#!/usr/bin/env python3
"""Holds every request that the engine writes against the one that botocore writes for the same parameters.

    compare.py PATH/TO/examples/services [SERVICE...]

The parameters are generated from botocore's models: every operation once with all members and once with the required ones.
"""

import base64
import datetime
import gzip
import json
import os
import subprocess
import sys
import urllib.parse
from xml.etree import ElementTree

import botocore
import names
from botocore import parsers, serialize
from botocore.model import ServiceModel

DATA = os.path.join(os.path.dirname(botocore.__file__), "data")
WHEN = datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc)
PROTOCOLS = {
    "Json": "json", "RestJson": "rest-json", "RestXml": "rest-xml", "Query": "query", "Ec2": "ec2",
    "Cbor": "smithy-rpc-v2-cbor",
}
DEPTH_MAX = 4
SHOWN = 20


class Impossible(Exception):
    """The shape holds itself in a way that no value ends."""


def generate(shape, service, name, everything, depth=0):
    """A value as botocore takes it, and the same as a task has it."""
    if depth > 12:
        raise Impossible
    kind = shape.type_name
    if kind == "structure":
        if getattr(shape, "is_document_type", False):
            return {"any": [1, "x"]}, {"any": [1, "x"]}
        ours, theirs = {}, {}
        union = getattr(shape, "is_tagged_union", False)
        for member, of in shape.members.items():
            # A client makes up a token where none is given.
            needed = member in shape.required_members or of.metadata.get("idempotencyToken")
            if not needed and (not everything or depth >= DEPTH_MAX):
                if not (union and not theirs):
                    continue
            if of.type_name == "structure" and getattr(of, "is_eventstream", False):
                continue
            try:
                theirs[member], ours[names.member(member)] = generate(of, service, member, everything, depth + 1)
            except Impossible:
                theirs.pop(member, None)
                if needed:
                    raise
                continue
            if union:
                break
        return theirs, ours
    if kind == "list":
        theirs, ours = generate(shape.member, service, name, everything, depth + 1)
        return [theirs, theirs], [ours, ours]
    if kind == "map":
        theirs, ours = generate(shape.value, service, name, everything, depth + 1)
        return {"a b": theirs}, {"a b": ours}
    if kind in ("string", "character"):
        if shape.serialization.get("jsonvalue"):
            in_header = shape.serialization.get("location") == "header"
            return ({"a": 1}, {"a": 1}) if in_header else ('{"a":1}', {"a": 1})
        if "hostLabel" in shape.metadata or shape.serialization.get("hostLabel") or name in ("AccountId", "accountId"):
            return "label0", "label0"
        value = (shape.enum or ["a&b <c>/é,\"d\""])[0]
        if shape.serialization.get("location") in ("header", "headers"):
            value = "plain"
        return value, value
    if kind in ("integer", "long"):
        return 7, 7
    if kind in ("float", "double"):
        return 1.5, 1.5
    if kind == "boolean":
        return True, True
    if kind == "blob":
        text = "blob \"{}\""
        hidden = service.service_id in ("DynamoDB", "DynamoDB Streams")
        hidden |= service.service_id == "KMS" and name not in ("Plaintext", "Message")
        return text.encode(), base64.b64encode(text.encode()).decode() if hidden else text
    if kind == "timestamp":
        return WHEN, "2026-01-02T03:04:05Z"
    raise ValueError(kind)


def xml(element):
    attributes = sorted(element.attrib.items())
    return element.tag, attributes, (element.text or "") if len(element) == 0 else "", [xml(child) for child in element]


def body_of(protocol, body, is_raw):
    if isinstance(body, str):
        body = body.encode()
    if not body:
        return None
    if is_raw:
        return body
    if protocol in ("json", "rest-json"):
        return json.loads(body)
    if protocol == "rest-xml":
        return xml(ElementTree.fromstring(body))
    if protocol == "smithy-rpc-v2-cbor":
        import io

        return parsers.RpcV2CBORParser().parse_data_item(io.BufferedReader(io.BytesIO(body)))
    return sorted(urllib.parse.parse_qsl(body.decode(), keep_blank_values=True))


def plain(value):
    return [value] if not isinstance(value, list) else value


def compare(protocol, operation, theirs, ours):
    differences = []

    def check(what, expected, found):
        if expected != found:
            differences.append(f"{what}: botocore {str(expected)[:300]!r}, here {str(found)[:300]!r}")

    check("method", theirs["method"], ours["method"])
    path, _, fixed = theirs["url_path"].partition("?")
    check("path", path, ours["path"])
    query = urllib.parse.parse_qsl(fixed, keep_blank_values=True)
    given = theirs["query_string"] or {}
    query += [(name, str(item)) for name, values in given.items() for item in plain(values)]
    check("query", sorted(query), sorted(map(tuple, ours["query"])))
    headers = {name.lower(): value for name, value in ours["headers"]}
    for name, value in theirs["headers"].items():
        check(f"header {name}", value, headers.pop(name.lower(), None))
    for name in headers:
        if name != "content-type":
            differences.append(f"header {name} is only here")
    check("host prefix", theirs.get("host_prefix") or "", ours["host_prefix"])
    body, found = theirs["body"], base64.b64decode(ours["body"])
    if isinstance(body, dict):
        body = sorted((name, str(value)) for name, value in body.items())
        check("body", body, body_of("query", found, False))
    else:
        payload = operation.input_shape and operation.input_shape.serialization.get("payload")
        raw = bool(payload) and operation.input_shape.members[payload].type_name in ("blob", "string")
        check("body", body_of(protocol, body, raw), body_of(protocol, found, raw))
    return differences


def main():
    engine = subprocess.Popen(
        [sys.argv[1]], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8",
        env={key: value for key, value in os.environ.items() if not key.startswith("AWS_")},
    )

    def ask(line):
        engine.stdin.write(json.dumps(line) + "\n")
        engine.stdin.flush()
        return json.loads(engine.stdout.readline())

    told = ask({"services": True})
    if told["botocore"] != botocore.__version__:
        print(f"the models are of botocore {told['botocore']}, this is {botocore.__version__}: differences may be its")
    compared, skipped, different = 0, 0, 0
    only = set(sys.argv[2:])
    for service, name in sorted(told["services"].items()):
        if only and service not in only:
            continue
        folder = os.path.join(DATA, service)
        version = max(entry for entry in os.listdir(folder) if entry[:2].isdigit())
        path = os.path.join(folder, version, "service-2.json")
        opened = gzip.open(path + ".gz") if os.path.exists(path + ".gz") else open(path, "rb")
        with opened as file:
            model = ServiceModel(json.load(file), service)
        for operation_name in model.operation_names:
            operation = model.operation_model(operation_name)
            for everything in (True, False):
                theirs, ours = {}, {}
                if operation.input_shape is not None:
                    try:
                        theirs, ours = generate(operation.input_shape, model, "", everything)
                    except Impossible:
                        skipped += 1
                        continue
                line = {"request": f"{name}:{names.action(operation.name)}", "input": ours}
                answer = ask(line)
                if "error" in answer:
                    if "streams of events" in answer["error"]:
                        skipped += 1
                        continue
                    differences = [answer["error"][:500]]
                else:
                    protocol = PROTOCOLS[answer["protocol"]]
                    serializer = serialize.create_serializer(protocol, include_validation=False)
                    try:
                        expected = serializer.serialize_to_request(theirs, operation)
                    except Exception as error:  # noqa: BLE001
                        skipped += 1
                        print(f"{service} {operation_name}: botocore: {error!r}")
                        continue
                    try:
                        differences = compare(protocol, operation, expected, answer)
                    except Exception as error:  # noqa: BLE001
                        differences = [f"cannot be compared: {error!r}"]
                compared += 1
                if differences:
                    different += 1
                    if different <= SHOWN:
                        print(f"{service} {operation_name}: " + "; ".join(differences))
    engine.stdin.close()
    print(f"{compared} requests compared, {skipped} not possible, {different} different")
    sys.exit(1 if different else 0)


main()
