"""Runs a Python handler against the Lambda Runtime API. Stepwell starts it with `python3 -c`; standard library only.

Errors have the shape and the texts that Lambda's own Python runtime gives them.
"""

import decimal
import http.client
import importlib
import json
import os
import sys
import threading
import time
import traceback
import types

API = "/2018-06-01/runtime/"


class Fault(Exception):
    """What is wrong with the function as a whole, as opposed to an error that it raises."""

    def __init__(self, error_type, message, trace=()):
        super().__init__(message)
        self.error = described(error_type, message, list(trace), "")


class Client:
    """The Runtime API over one connection that stays open."""

    def __init__(self, address):
        self.connection = http.client.HTTPConnection(address)

    def next(self):
        headers, body = self.call("GET", "invocation/next")
        return headers, body

    def post(self, path, body):
        self.call("POST", path, body)

    def call(self, method, path, body=None):
        try:
            self.connection.request(method, API + path, body, {"Content-Type": "application/json"})
            response = self.connection.getresponse()
            return response.headers, response.read()
        except OSError:
            if method == "POST":
                # The server may hang up on a body that is too large. It knows what to make of that.
                self.connection.close()
                return None, b""
            # Nobody is left to work for.
            os._exit(1)
        except http.client.HTTPException:
            os._exit(1)


class Context:
    """What a handler gets as its second argument."""

    def __init__(self, headers):
        context = json.loads(headers.get("Lambda-Runtime-Client-Context") or "null")
        self.aws_request_id = headers["Lambda-Runtime-Aws-Request-Id"]
        self.invoked_function_arn = headers.get("Lambda-Runtime-Invoked-Function-Arn")
        self.function_name = os.environ.get("AWS_LAMBDA_FUNCTION_NAME")
        self.function_version = os.environ.get("AWS_LAMBDA_FUNCTION_VERSION")
        self.memory_limit_in_mb = os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
        self.log_group_name = os.environ.get("AWS_LAMBDA_LOG_GROUP_NAME")
        self.log_stream_name = os.environ.get("AWS_LAMBDA_LOG_STREAM_NAME")
        self.identity = types.SimpleNamespace(cognito_identity_id=None, cognito_identity_pool_id=None)
        self.client_context = client_context(context)
        self._deadline_ms = int(headers.get("Lambda-Runtime-Deadline-Ms") or 0)

    def get_remaining_time_in_millis(self):
        return max(0, self._deadline_ms - int(time.time() * 1000))

    def log(self, message):
        sys.stdout.write(str(message))


def client_context(context):
    if not isinstance(context, dict):
        return None
    client = context.get("client")
    return types.SimpleNamespace(
        custom=context.get("custom"),
        env=context.get("env"),
        client=types.SimpleNamespace(**client) if isinstance(client, dict) else client,
    )


def described(error_type, message, trace, request_id):
    return {"errorMessage": message, "errorType": error_type, "requestId": request_id, "stackTrace": trace}


def raised(error, request_id):
    """The description of an exception, without the frames that are ours."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename != "<string>"]
    frames = [frame for frame in frames if not frame.filename.startswith("<frozen importlib")]
    return described(type(error).__name__, str(error), traceback.format_list(frames), request_id)


def load(handler):
    module_name, dot, name = handler.rpartition(".")
    if not dot:
        reason = "not enough values to unpack (expected 2, got 1)"
        raise Fault("Runtime.MalformedHandlerName", "Bad handler '%s': %s" % (handler, reason))
    try:
        if module_name.split(".")[0] in sys.builtin_module_names:
            message = "Cannot use built-in module %s as a handler module" % module_name
            raise Fault("Runtime.BuiltInModuleConflict", message)
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        raise Fault("Runtime.ImportModuleError", "Unable to import module '%s': %s" % (module_name, error))
    except SyntaxError as error:
        trace = ['  File "%s" Line %s\n    %s' % (error.filename, error.lineno, error.text)]
        raise Fault("Runtime.UserCodeSyntaxError", "Syntax error in module '%s': %s" % (module_name, error), trace)
    try:
        return getattr(module, name)
    except AttributeError:
        raise Fault("Runtime.HandlerNotFound", "Handler '%s' missing on module '%s'" % (name, module_name))


def plain(value):
    if isinstance(value, decimal.Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    raise TypeError("Object of type %s is not JSON serializable" % type(value).__name__)


def encoded(value):
    return json.dumps(value, default=plain, ensure_ascii=False).encode("utf-8", "surrogatepass")


def answer(handler, headers, body):
    """The end of the path to post to, and what to post."""
    request_id = headers["Lambda-Runtime-Aws-Request-Id"]
    try:
        result = handler(json.loads(body), Context(headers))
    except Exception as error:
        return "error", report(raised(error, request_id))
    try:
        return "response", encoded(result)
    except Exception as error:
        message = "Unable to marshal response: %s" % error
        return "error", report(described("Runtime.MarshalError", message, [], request_id))


def report(error):
    lines = ["[ERROR] %s: %s" % (error["errorType"], error["errorMessage"])]
    if error["stackTrace"]:
        lines.append("Traceback (most recent call last):")
        lines.extend(entry.rstrip("\n") for entry in error["stackTrace"])
    print("\n".join(lines), file=sys.stderr, flush=True)
    return encoded(error)


def end_with_parent():
    """Standard input ends when Stepwell does, however it ends, and then nobody wants this process any more, even if the
    handler hangs. The handler itself sees an empty standard input."""
    watched = os.dup(0)
    empty = os.open(os.devnull, os.O_RDONLY)
    os.dup2(empty, 0)
    os.close(empty)

    def watch():
        while os.read(watched, 1):
            pass
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def main():
    end_with_parent()
    sys.path.insert(0, os.environ.get("LAMBDA_TASK_ROOT") or os.getcwd())
    client = Client(os.environ["AWS_LAMBDA_RUNTIME_API"])
    try:
        handler = load(os.environ["_HANDLER"])
    except Fault as fault:
        client.post("init/error", report(fault.error))
        sys.exit(1)
    except Exception as error:
        client.post("init/error", report(raised(error, "")))
        sys.exit(1)
    while True:
        headers, body = client.next()
        os.environ["_X_AMZN_TRACE_ID"] = headers.get("Lambda-Runtime-Trace-Id") or ""
        path, result = answer(handler, headers, body)
        client.post("invocation/%s/%s" % (headers["Lambda-Runtime-Aws-Request-Id"], path), result)


main()
