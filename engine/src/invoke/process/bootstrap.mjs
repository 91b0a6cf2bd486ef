// Runs a Node.js handler against the Lambda Runtime API. Stepwell starts it with `node --input-type=module -e`; nothing
// but Node's own modules.
//
// Errors have the shape and the names that Lambda's own Node.js runtime gives them. One difference: an answer by callback
// goes out at once, whatever `callbackWaitsForEmptyEventLoop` says.

import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';

const API = '/2018-06-01/runtime/';
const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(':');
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

let requestId; // of the call that the handler is at
let settle; // ends that call

function call(method, where, body) {
  return new Promise((resolve, reject) => {
    const headers = { 'Content-Type': 'application/json' };
    if (body !== undefined) headers['Content-Length'] = Buffer.byteLength(body);
    const request = http.request({ host, port, agent, method, path: API + where, headers }, (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('end', () => resolve({ headers: response.headers, body: Buffer.concat(chunks).toString() }));
      response.on('error', reject);
    });
    request.on('error', reject);
    request.end(body);
  });
}

// The server may hang up on a body that is too large. It knows what to make of that.
const post = (where, body) => call('POST', where, body).catch(() => {});

// Nobody is left to work for.
const next = () => call('GET', 'invocation/next').catch(() => process.exit(1));

class Fault extends Error {
  constructor(name, message) {
    super(message);
    this.name = name;
  }
}

function described(error) {
  if (error instanceof Error || Object.prototype.toString.call(error) === '[object Error]') {
    return { errorType: error.name, errorMessage: error.message, trace: (error.stack ?? '').split('\n') };
  }
  return { errorType: typeof error, errorMessage: String(error), trace: [] };
}

function report(error) {
  const description = described(error);
  console.error('%s', JSON.stringify(description));
  return JSON.stringify(description);
}

async function load(handler) {
  const directory = path.dirname(handler);
  const base = path.basename(handler);
  const dot = base.indexOf('.');
  if (dot < 1 || dot === base.length - 1) throw new Fault('Runtime.MalformedHandlerName', 'Bad handler');
  const root = path.resolve(process.env.LAMBDA_TASK_ROOT || '.', directory);
  const stem = base.slice(0, dot);
  const file = ['.js', '.mjs', '.cjs'].map((end) => path.join(root, stem + end)).find((name) => fs.existsSync(name));
  if (!file) {
    throw new Fault('Runtime.ImportModuleError', `Error: Cannot find module '${path.join(directory, stem)}' in ${root}`);
  }
  let module;
  try {
    module = await import(pathToFileURL(file));
  } catch (error) {
    if (error instanceof SyntaxError) throw new Fault('Runtime.UserCodeSyntaxError', String(error.stack ?? error));
    if (error?.code === 'MODULE_NOT_FOUND' || error?.code === 'ERR_MODULE_NOT_FOUND') {
      throw new Fault('Runtime.ImportModuleError', `Error: ${error.message}`);
    }
    throw error;
  }
  const names = base.slice(dot + 1).split('.');
  const find = (from) => names.reduce((object, name) => object?.[name], from);
  const found = find(module) ?? find(module.default);
  if (typeof found !== 'function') {
    throw new Fault('Runtime.HandlerNotFound', `${handler} is undefined or not exported`);
  }
  return found;
}

function contextOf(headers, resolve, reject) {
  const environment = process.env;
  const deadline = Number(headers['lambda-runtime-deadline-ms'] ?? 0);
  const clientContext = headers['lambda-runtime-client-context'];
  return {
    callbackWaitsForEmptyEventLoop: true,
    awsRequestId: headers['lambda-runtime-aws-request-id'],
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    functionName: environment.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: environment.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: environment.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: environment.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: environment.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: clientContext ? JSON.parse(clientContext) : undefined,
    identity: undefined,
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
    done: (error, result) => (error === undefined || error === null ? resolve(result) : reject(error)),
    succeed: resolve,
    fail: reject,
  };
}

function invoke(handler, headers, body) {
  return new Promise((resolve, reject) => {
    settle = resolve;
    const context = contextOf(headers, resolve, reject);
    const result = handler(JSON.parse(body), context, context.done);
    if (typeof result?.then === 'function') result.then(resolve, reject);
  });
}

async function answer(handler, headers, body) {
  let result;
  try {
    result = await invoke(handler, headers, body);
  } catch (error) {
    return ['error', report(error)];
  } finally {
    settle = undefined;
  }
  try {
    return ['response', JSON.stringify(result) ?? 'null'];
  } catch (error) {
    return ['error', report(new Fault('Runtime.MarshalError', `Unable to stringify response body: ${error.message}`))];
  }
}

// A handler that returned nothing and left nothing running has answered `null`.
process.on('beforeExit', () => settle?.(null));

async function die(error, code) {
  const body = report(error);
  await post(requestId ? `invocation/${requestId}/error` : 'init/error', body);
  process.exit(code);
}

process.on('uncaughtException', (error) => die(error, 129));
process.on('unhandledRejection', (reason) => {
  const error = new Fault('Runtime.UnhandledPromiseRejection', String(reason));
  error.reason = reason;
  return die(error, 128);
});

// Standard input ends when Stepwell does, however it ends, and then nobody wants this process any more. The watch is a
// thread of its own, since a handler may never let this one go on.
function endWithParent() {
  const watch = `
    const { Socket } = require('node:net');
    const end = () => process.kill(process.pid, 'SIGKILL');
    new Socket({ fd: 0, readable: true, writable: false }).on('close', end).on('error', end).resume();
  `;
  // Without our own arguments, which would make a module of it.
  new Worker(watch, { eval: true, execArgv: [] }).unref();
}

async function main() {
  endWithParent();
  let handler;
  try {
    handler = await load(process.env._HANDLER ?? '');
  } catch (error) {
    await post('init/error', report(error));
    process.exit(1);
  }
  for (;;) {
    const { headers, body } = await next();
    requestId = headers['lambda-runtime-aws-request-id'];
    process.env._X_AMZN_TRACE_ID = headers['lambda-runtime-trace-id'] ?? '';
    const [end, result] = await answer(handler, headers, body);
    await post(`invocation/${requestId}/${end}`, result);
    requestId = undefined;
  }
}

await main();
