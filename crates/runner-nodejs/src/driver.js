/*
 * The driver of a Node.js session: it runs queries in this interpreter and keeps their state.
 *
 * A query is evaluated through the interpreter's own inspector in its REPL mode, which knows `await` outside of
 * functions and lets a name be declared again. The link to the runner (docs/src/session-link.md) is read by a second
 * thread, link.js, which also hears signals and completes names while this thread is busy; what is sent goes from here.
 * Standard input, output and error belong to the user's code.
 */
(() => {
'use strict';

const fs = require('fs');
const inspector = require('inspector');
const path = require('path');
const { pathToFileURL } = require('url');
const readline = require('readline');
const readlinePromises = require('readline/promises');
const { Console } = require('console');
const { isNativeError } = require('util').types;
const { inspect } = require('util');
const { Readable, Writable } = require('stream');
const { MessageChannel, Worker, receiveMessageOnPort } = require('worker_threads');

// The user's code may replace what is global. The driver keeps what it was started with.
const {
  Atomics, BigInt, Buffer, Error, Int32Array, JSON, Map, Number, Object, Promise, Set, SharedArrayBuffer, String,
  Symbol, SyntaxError, clearImmediate, console, globalThis: everything, module: main, performance, process,
  setImmediate,
} = globalThis;
const { writeSync } = fs;

const INTERRUPTED = 130;
// Output waits at most this long, in milliseconds, for more to be sent with it.
const PROMPTNESS = 20;
// This much output, in characters, does not wait.
const ENOUGH = 1 << 15;
// Every query begins with this, so that its code runs as a job of its own: the inspector, which starts it, does not
// survive an interrupt in the middle.
const PROLOGUE = 'await undefined;';
// Where the driver's frames are, and those that lie below every query.
const NOT_THE_USERS = new Set(['[eval]', 'node:inspector', 'node:internal/process/task_queues']);
// The user's code finds the driver's helpers under this key, where nobody else looks.
const HELPERS = Symbol.for('kernel-runner');
const HELPERS_TEXT = 'globalThis[Symbol.for("kernel-runner")]';

// What both threads see, by the indices that link.js has too.
const [INTERRUPT, MESSAGES, UNFLUSHED, RUNNING, GONE] = [0, 1, 2, 3, 4];
const shared = new Int32Array(new SharedArrayBuffer(5 * 4));

const session = new inspector.Session();
session.connect();

/** The parts of the interpreter that no public module offers. Asking for them would be warned about. */
function internals(name) {
  const { noDeprecation } = process;
  process.noDeprecation = true;
  try {
    return process.binding(name);
  } finally {
    process.noDeprecation = noDeprecation;
  }
}
const asyncWrap = internals('async_wrap');

/**
 * Interrupts: SIGINT is heard by the other thread, which then calls `onSignal` here, be it in the middle of running
 * code. It ends the user's code, and never the driver's.
 */
const interrupts = {
  inDriver: true,
  isRefused: false,

  /** Whether one is to be acted on. Code that listens to SIGINT deals with it itself. */
  get isPending() {
    return Atomics.load(shared, INTERRUPT) !== 0 && process.listenerCount('SIGINT') === 0;
  },

  take() {
    return Atomics.exchange(shared, INTERRUPT, 0) !== 0;
  },

  /**
   * Acts on the interrupt of that number while it is pending, and tells whether it is to be called again soon.
   *
   * A thread that comes to rest by itself is told then. One that has not done so by the second call is busy with the
   * user's code, which is ended where it is.
   */
  onSignal(number, isInsistent) {
    if (Atomics.load(shared, INTERRUPT) !== number || !interrupts.isPending) return false;
    if (interrupts.inDriver) {
      interrupts.isRefused = isInsistent;
    } else if (!isRunningCode()) {
      queries.interrupt();
      return false;
    } else if (isInsistent) {
      interrupts.terminate();
    } else {
      setImmediate(() => queries.interrupt());
    }
    return true;
  },

  /** Ends the JavaScript that runs, without a chance to catch it. */
  terminate() {
    interrupts.isRefused = false;
    setImmediate(() => queries.interrupt());
    // Frames that never return do not take their entries off this stack, which Node checks.
    asyncWrap.clearAsyncIdStack();
    session.post('Runtime.terminateExecution');
  },
};

/** Whether there is code below the call from the other thread. */
function isRunningCode() {
  const { stackTraceLimit, prepareStackTrace } = Error;
  try {
    Error.stackTraceLimit = 4;
    Error.prepareStackTrace = (_error, frames) => frames.length;
    // This function, its caller, and the function that the inspector calls.
    return new Error().stack > 3;
  } finally {
    Object.assign(Error, { stackTraceLimit, prepareStackTrace });
  }
}

/** Wraps a function of the driver that the user's code calls: an interrupt waits until its end. */
function driverCode(work) {
  return function (...values) {
    const wasInDriver = interrupts.inDriver;
    interrupts.inDriver = true;
    try {
      return work.apply(this, values);
    } finally {
      interrupts.inDriver = wasInDriver;
      if (!wasInDriver && interrupts.isRefused && interrupts.isPending) interrupts.terminate();
    }
  };
}

/** Calls the user's code from the driver. */
function userCode(work) {
  interrupts.inDriver = false;
  try {
    return work();
  } finally {
    interrupts.inDriver = true;
  }
}

/** Writes all of `bytes`, to a descriptor that others may have set not to block. */
function writeAll(descriptor, bytes) {
  let written = 0;
  while (written < bytes.length) {
    try {
      written += writeSync(descriptor, bytes, written);
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error;
      sleep(1);
    }
  }
}

const nothing = new Int32Array(new SharedArrayBuffer(4));

function sleep(milliseconds) {
  Atomics.wait(nothing, 0, 0, milliseconds);
}

/** The link: frames out on descriptor 4, frames in through the other thread. */
const link = {
  sequence: 0,
  /** Who waits for an answer, by its number. */
  waiting: new Map(),
  /** What came while an answer was waited for. */
  postponed: [],

  start(port) {
    link.port = port;
    port.on('message', driverCode(message => link.receive(message)));
  },

  send(kind, ...parts) {
    const bytes = parts.map(part => (typeof part === 'string' ? Buffer.from(part) : part));
    const header = [kind, ...bytes.map(part => part.length)].join(' ');
    writeAll(4, Buffer.concat([Buffer.from(`${header}\n`), ...bytes]));
  },

  receive(message) {
    const { kind, sequence, text } = message;
    switch (kind) {
      case 'answer':
        link.onAnswer(sequence, text);
        break;
      case 'eof':
        // An interrupt ends the input as well. The other thread tells when it must have heard of one.
        link.port.postMessage({ kind: 'ended', sequence });
        break;
      case 'ended':
        link.onAnswer(sequence, null);
        break;
      case 'query':
        queries.run(text);
        break;
      case 'settle':
        link.port.postMessage({ kind: 'settled' });
        break;
      case 'settled':
        link.send('settled');
        break;
      case 'end':
        process.exit(0);
    }
  },

  /** The answer to a question whose wait was interrupted is nobody's. */
  onAnswer(sequence, text) {
    const onAnswer = link.waiting.get(sequence);
    link.waiting.delete(sequence);
    onAnswer?.(text);
  },

  /** Asks the runner, and calls `onAnswer` with the answer's text, or with null at the end of the input. */
  ask(kind, parts, onAnswer) {
    link.sequence += 1;
    const number = String(link.sequence);
    link.waiting.set(number, onAnswer);
    link.send(kind, number, ...parts);
    return number;
  },

  /** Asks the runner and waits for the answer. An interrupt ends the wait for a user: undefined. */
  askAndWait(kind, ...parts) {
    let answer;
    const number = link.ask(kind, parts, text => { answer = text; });
    while (answer === undefined) {
      const seen = Atomics.load(shared, MESSAGES);
      const received = receiveMessageOnPort(link.port);
      if (received === undefined) {
        if (kind === 'input' && interrupts.isPending) {
          link.waiting.delete(number);
          return undefined;
        }
        Atomics.wait(shared, MESSAGES, seen);
      } else if (received.message.sequence === number) {
        link.receive(received.message);
      } else {
        link.postpone(received.message);
      }
    }
    return answer;
  },

  postpone(message) {
    if (link.postponed.push(message) === 1) {
      setImmediate(driverCode(() => link.postponed.splice(0).forEach(link.receive)));
    }
  },
};

/**
 * Standard output and error, in one order: before the descriptor that is written to changes, the runner is asked to
 * read what the other has.
 */
const output = {
  waiting: '',
  last: 0,
  lastFlush: 0,
  // For the next query, when this one closes them. Node's own descriptors are not inherited.
  copies: [0, 1, 2].map(descriptor => fs.openSync(`/proc/self/fd/${descriptor}`, descriptor === 0 ? 'r' : 'w')),

  put: driverCode((descriptor, chunk, encoding) => {
    if (descriptor !== output.last) {
      output.flush();
      if (output.last !== 0) link.askAndWait('sync');
      output.last = descriptor;
    }
    if (typeof chunk !== 'string' || !/^utf-?8$/i.test(encoding)) {
      output.flush();
      writeAll(descriptor, typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk);
      return;
    }
    output.waiting += chunk;
    const isLate = performance.now() - output.lastFlush > PROMPTNESS;
    if (isLate || output.waiting.length > ENOUGH || descriptor === 2 || !queries.current) {
      output.flush();
    } else {
      Atomics.store(shared, UNFLUSHED, 1);
    }
  }),

  flush: driverCode(() => {
    Atomics.store(shared, UNFLUSHED, 0);
    const text = output.waiting;
    output.waiting = '';
    if (text !== '') {
      writeAll(output.last, Buffer.from(text));
      output.lastFlush = performance.now();
    }
  }),

  /** Opens again what the query before has closed. */
  mend() {
    output.last = 0;
    output.copies.forEach((copy, descriptor) => {
      try {
        fs.fstatSync(descriptor);
      } catch {
        // The lowest number that is free is the one that was closed.
        fs.openSync(`/proc/self/fd/${copy}`, descriptor === 0 ? 'r' : 'w');
      }
    });
    const isBroken = stream => stream.writableEnded || stream.destroyed;
    if (!output.stdout || isBroken(output.stdout) || isBroken(output.stderr)) output.open();
  },

  open() {
    output.stdout = new StandardOutput(1);
    output.stderr = new StandardOutput(2);
    // The methods of the console that Node has made report to the inspector as well, which would keep all that is
    // printed.
    Object.assign(console, new Console(output.stdout, output.stderr));
  },
};

class StandardOutput extends Writable {
  constructor(descriptor) {
    super({ decodeStrings: false });
    this.fd = descriptor;
    // A stream that is left in the middle of its work never goes on.
    this.write = driverCode(super.write);
  }

  _write(chunk, encoding, done) {
    try {
      output.put(this.fd, chunk, encoding);
      done();
    } catch (error) {
      done(error);
    }
  }
}

/** Standard input: it asks the user for a line when somebody wants one, and only while a query runs. */
class StandardInput extends Readable {
  fd = 0;
  #question;
  /** The open interfaces of `readline` that read from here. */
  #interfaces = new Set();

  /** Whether somebody listens. */
  get isWanted() {
    return this.readableFlowing === true || this.listenerCount('readable') > 0;
  }

  _read() {
    if (!this.isWanted) {
      this.push('');
      return;
    }
    input.askers.add(this);
    if (queries.current) this.ask();
  }

  ask() {
    output.flush();
    this.#question ??= link.ask('input', ['0'], text => userCode(() => this.#onAnswer(text)));
  }

  #onAnswer(text) {
    if (text === null && interrupts.isPending) return;
    this.#question = undefined;
    input.askers.delete(this);
    const interfaces = [...this.#interfaces];
    // An interface that wants another line after this one resumes.
    for (const each of interfaces) each.paused = each.listenerCount('line') === 0;
    this.push(text === null ? null : `${text}\n`);
    const othersListen = this.listenerCount('data') > interfaces.length;
    if (interfaces.length > 0 && !othersListen && interfaces.every(each => each.paused)) this.pause();
    queries.finishSoon();
  }

  /** An interface takes every line that comes. One that reads from here takes a line when somebody asks or listens. */
  restrain(made) {
    made.pause();
    made.on('newListener', name => { if (name === 'line') made.resume(); });
    made.once('close', () => this.#interfaces.delete(made));
    this.#interfaces.add(made);
  }

  /** Nobody waits any more. */
  rest() {
    this.pause();
    for (const each of this.#interfaces) each.pause();
    if (input.askers.delete(this)) {
      link.waiting.delete(this.#question);
      this.#question = undefined;
      this.push('');
    }
  }

  pause() {
    super.pause();
    queries.finishSoon();
    return this;
  }

  ref() {
    return this;
  }

  unref() {
    return this;
  }
}

const input = {
  stream: undefined,
  /** The streams that want a line. */
  askers: new Set(),
  /** What a read of bytes has left of its line. */
  rest: Buffer.alloc(0),

  open() {
    if (!input.stream || input.stream.readableEnded || input.stream.destroyed) input.stream = new StandardInput();
    return input.stream;
  },

  /** The next bytes that the user types; none at the end of the input. */
  next: driverCode(() => {
    output.flush();
    const line = link.askAndWait('input', '0');
    if (interrupts.isPending) interrupts.isRefused = true;
    return Buffer.from(typeof line === 'string' ? `${line}\n` : '');
  }),

  read(buffer, offset, length) {
    if (input.rest.length === 0) input.rest = input.next();
    const count = input.rest.copy(buffer, offset, 0, Math.min(length, input.rest.length));
    input.rest = input.rest.subarray(count);
    return count;
  },

  readAll() {
    const pieces = [input.rest];
    for (let piece = input.next(); piece.length > 0; piece = input.next()) pieces.push(piece);
    input.rest = Buffer.alloc(0);
    return Buffer.concat(pieces);
  },

  /**
   * A wait in the system's `read` does not end with a signal: Node starts it again. So the two functions that wait ask.
   */
  patch() {
    const { readSync, readFileSync } = fs;
    fs.readSync = function (...values) {
      const [descriptor, buffer, third, length] = values;
      if (descriptor !== 0) return readSync.apply(this, values);
      const options = typeof third === 'object' && third !== null ? third : { offset: third, length };
      const offset = options.offset ?? 0;
      return input.read(Buffer.from(buffer.buffer, buffer.byteOffset, buffer.byteLength), offset,
        options.length ?? buffer.byteLength - offset);
    };
    fs.readFileSync = function (...values) {
      const [file, options] = values;
      if (file !== 0 && file !== '/dev/stdin') return readFileSync.apply(this, values);
      const encoding = typeof options === 'string' ? options : options?.encoding;
      return encoding && encoding !== 'buffer' ? input.readAll().toString(encoding) : input.readAll();
    };
  },
};

function patchReadline() {
  for (const module of [readline, readlinePromises]) {
    const { createInterface } = module;
    module.createInterface = function (...values) {
      const made = createInterface.apply(this, values);
      if (made.input instanceof StandardInput) made.input.restrain(made);
      return made;
    };
  }
}

/** Children write to the same descriptors: what waits goes first. */
function patchSpawn() {
  for (const maker of [internals('spawn_sync'), internals('process_wrap').Process.prototype]) {
    const { spawn } = maker;
    maker.spawn = function (...values) {
      output.flush();
      return spawn.apply(this, values);
    };
  }
}

/**
 * What the inspector cannot run becomes what it can: static imports, `import()`, and awaits that an interrupt abandons.
 */
const syntax = {
  parser: undefined,

  /** The parser that Node's own REPL uses. */
  load() {
    const source = internals('natives')['internal/deps/acorn/acorn/dist/acorn'];
    const module = { exports: {} };
    require('vm').compileFunction(source, ['exports', 'module'])(module.exports, module);
    return module.exports;
  },

  translate(code) {
    if (!/\b(import|await)\b/.test(code)) return code;
    const edits = [];
    try {
      syntax.parser ??= syntax.load();
      const options = { ecmaVersion: 'latest', allowImportExportEverywhere: true, allowAwaitOutsideFunction: true };
      syntax.visit(syntax.parser.parse(code, { ...options, allowHashBang: true }), false, code, edits);
    } catch {
      // The inspector says better what is wrong with it.
      return code;
    }
    edits.sort((a, b) => b.start - a.start || b.end - a.end);
    return edits.reduce((text, { start, end, by }) => text.slice(0, start) + by + text.slice(end), code);
  },

  visit(node, isInLoop, code, edits) {
    if (node.type === 'ImportDeclaration') {
      edits.push({ start: node.start, end: node.end, by: syntax.importing(node, code) });
      return;
    }
    if (node.type === 'ImportExpression') {
      edits.push({ start: node.start, end: node.start + 'import'.length, by: `${HELPERS_TEXT}.import` });
    }
    if (node.type === 'AwaitExpression' && isInLoop) {
      const { start, end } = node.argument;
      edits.push({ start, end: start, by: `${HELPERS_TEXT}.wait(` }, { start: end, end, by: ')' });
    }
    const isFunction = /Function/.test(node.type);
    const isLoop = /^(For|While|DoWhile)/.test(node.type);
    for (const child of Object.values(node).flat()) {
      if (typeof child?.type === 'string') syntax.visit(child, isLoop || (isInLoop && !isFunction), code, edits);
    }
  },

  /** A declaration of constants in the place of an import, of as many lines. */
  importing(node, code) {
    const names = [];
    let namespace;
    for (const { type, imported, local } of node.specifiers) {
      if (type === 'ImportNamespaceSpecifier') namespace = local.name;
      else names.push([type === 'ImportDefaultSpecifier' ? 'default' : imported.name ?? imported.value, local.name]);
    }
    const attributes = (node.attributes ?? []).map(({ start, end }) => code.slice(start, end));
    const wanted = JSON.stringify(names.map(([name]) => name));
    const call = `await ${HELPERS_TEXT}.import(${node.source.raw}, { with: { ${attributes} } }, ${wanted})`;
    const pattern = `{ ${names.map(([name, local]) => `${JSON.stringify(name)}: ${local}`)} }`;
    const lines = '\n'.repeat(code.slice(node.start, node.end).split('\n').length - 1);
    if (node.specifiers.length === 0) return `${call}, undefined;${lines}`;
    if (namespace === undefined) return `const ${pattern} = ${call};${lines}`;
    return `const ${namespace} = ${call}, ${pattern} = ${namespace};${lines}`;
  },
};

const helpers = {
  /** Imports a module as code in the working folder does. */
  async import(specifier, options, names = []) {
    const text = String(specifier);
    const isPath = /^\.{0,2}\//.test(text);
    const module = await import(isPath ? pathToFileURL(path.resolve(text)).href : text, options);
    const missing = names.find(name => !(name in module));
    if (missing !== undefined) {
      throw new SyntaxError(`The requested module '${text}' does not provide an export named '${missing}'`);
    }
    return module;
  },

  /** The promise of `value`, which is never kept once an interrupt has come: so ends a loop that waits. */
  wait(value) {
    const { interruptions } = queries;
    return new Promise((resolve, reject) => {
      const unlessInterrupted = act => result => { if (queries.interruptions === interruptions) act(result); };
      Promise.resolve(value).then(unlessInterrupted(resolve), unlessInterrupted(reject));
    });
  },
};

/** Runs queries, one after another. */
const queries = {
  number: 0,
  interruptions: 0,
  current: undefined,
  isAboutToFinish: undefined,

  run(code) {
    output.mend();
    queries.number += 1;
    queries.current = { name: `REPL${queries.number}`, isSettled: false, exitCode: 0 };
    if (!process.listeners('uncaughtException').includes(onUncaught)) process.on('uncaughtException', onUncaught);
    if (interrupts.isPending) {
      queries.interrupt();
      return;
    }
    input.askers.forEach(stream => stream.ask());
    const text = code.replace(/^\ufeff/, '').replace(/\r\n/g, '\n');
    const looksLikeObject = /^\s*\{/.test(text) && !/;\s*$/.test(text);
    // What looks like an object is one, where it can be: only then is it a block.
    queries.evaluate(text, looksLikeObject ? `(${text.trim()}\n)` : text, looksLikeObject);
  },

  evaluate(code, expression, mayBeBlock) {
    const query = queries.current;
    const translated = syntax.translate(expression);
    const parameters = {
      expression: `${PROLOGUE}${translated}\n//# sourceURL=${query.name}`,
      replMode: true,
      objectGroup: query.name,
    };
    let isRunning = false;
    const onOutcome = driverCode((error, outcome) => {
      // Without an outcome the code was interrupted, or the interpreter ends.
      if (error || query !== queries.current) return;
      // What cannot be compiled is answered before anything runs.
      const isSyntaxError = !isRunning && outcome.exceptionDetails;
      if (isSyntaxError && mayBeBlock) queries.evaluate(code, code, false);
      else if (isSyntaxError) queries.refuse(code, outcome.exceptionDetails);
      else queries.settle(outcome);
    });
    userCode(() => session.post('Runtime.evaluate', parameters, onOutcome));
    isRunning = true;
  },

  /** The value of the query is known, or its error. */
  settle({ result, exceptionDetails }) {
    if (interrupts.isPending) {
      queries.interrupt();
      return;
    }
    const value = valueOf(exceptionDetails?.exception ?? result);
    userCode(() => {
      if (exceptionDetails) {
        queries.report(value);
      } else {
        lastValue = value;
        if (value !== undefined) output.stdout.write(`${show(value)}\n`);
      }
    });
    queries.end(exceptionDetails ? 1 : 0);
  },

  /** The code is no JavaScript. */
  refuse(code, { lineNumber, columnNumber, exception }) {
    const line = code.split('\n')[lineNumber];
    if (line !== undefined) {
      const column = lineNumber === 0 ? columnNumber - PROLOGUE.length : columnNumber;
      const margin = line.slice(0, column).replace(/[^\t]/g, ' ');
      output.stderr.write(`${queries.current.name}:${lineNumber + 1}\n${line}\n${margin}^\n\n`);
    }
    const error = valueOf(exception);
    lastError = error;
    output.stderr.write(`Uncaught ${error}\n`);
    queries.end(1);
  },

  /** Prints an error as the REPL does. */
  report(error) {
    lastError = error;
    let text = show(error);
    if (isNativeError(error)) text = text.replace(/^\[([^]*)\]$/, '$1');
    const isLong = text.includes('\n') && !/^([A-Z]\w*)*Error/.test(text);
    output.stderr.write(`Uncaught${isLong ? ':\n' : ' '}${text}\n`);
  },

  /** Acts on a pending interrupt: the query that runs is over. Without one, the next will be. */
  interrupt() {
    if (!queries.current || !interrupts.isPending) return;
    interrupts.take();
    interrupts.inDriver = true;
    queries.interruptions += 1;
    output.stderr.write('Uncaught Error: Script execution was interrupted by `SIGINT`\n');
    queries.current.exitCode = INTERRUPTED;
    // Whoever still waits for a line is not to get that of a later query.
    input.stream?.rest();
    input.stream = undefined;
    queries.finish();
    interrupts.inDriver = false;
  },

  /** The code has come to its end. The query has too, unless it waits for the user. */
  end(exitCode) {
    queries.current.isSettled = true;
    queries.current.exitCode ||= exitCode;
    queries.finishSoon();
  },

  finishSoon() {
    if (queries.current?.isSettled) queries.isAboutToFinish ??= setImmediate(driverCode(queries.finishIfOver));
  },

  finishIfOver() {
    queries.isAboutToFinish = undefined;
    queries.interrupt();
    const isAsking = [...input.askers].some(stream => stream.isWanted);
    if (queries.current?.isSettled && !isAsking) queries.finish();
  },

  finish() {
    const { exitCode, name } = queries.current;
    input.askers.forEach(stream => stream.rest());
    input.stream?.rest();
    clearImmediate(queries.isAboutToFinish);
    queries.isAboutToFinish = undefined;
    output.flush();
    queries.current = undefined;
    Atomics.store(shared, RUNNING, 0);
    session.post('Runtime.releaseObjectGroup', { objectGroup: name });
    link.send('done', String(exitCode));
  },
};

let lastValue;
let lastError;

function show(value) {
  return inspect(value, { ...inspect.defaultOptions, showProxy: true });
}

let keeper;
let kept;

/** The value that the inspector speaks of. */
function valueOf({ type, value, unserializableValue, objectId }) {
  if (objectId !== undefined) {
    const functionDeclaration = 'function (value) { this(value); }';
    session.post('Runtime.callFunctionOn', { objectId: keeper, functionDeclaration, arguments: [{ objectId }] });
    return kept;
  }
  if (type === 'bigint') return BigInt(unserializableValue.slice(0, -1));
  return unserializableValue === undefined ? value : Number(unserializableValue);
}

/** An error, or a rejection, that nobody handles in code that a query has left behind: told, and survived. */
function onUncaught(error) {
  if (process.listenerCount('uncaughtException') > 1) return;
  queries.report(error);
  if (queries.current) queries.current.exitCode = 1;
}

/** Shows `data` (text or bytes) of the MIME type `mime`, after everything that was printed so far. */
const display = driverCode((mime, data) => {
  output.flush();
  const isText = typeof data === 'string';
  const bytes = isText ? Buffer.from(data) : Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  link.askAndWait('display', String(mime), bytes);
});

/** Ends what the inspector would wait for, with a message, at the end of the interpreter. */
function leave() {
  output.flush();
  session.disconnect();
  link.port.postMessage({ kind: 'leave' });
  Atomics.wait(shared, GONE, 0, 1000);
  // The other thread's inspector is let go of at the next chance to call this one.
  sleep(1);
}

function hide(owner, name, descriptor) {
  Object.defineProperty(owner, name, { configurable: true, enumerable: false, ...descriptor });
}

function prepareProcess() {
  const stream = get => ({ configurable: true, enumerable: true, get });
  Object.defineProperties(process, {
    stdin: stream(() => input.open()),
    stdout: stream(() => output.stdout),
    stderr: stream(() => output.stderr),
  });
  process.execArgv = [];
  delete process._eval;
  process.on('uncaughtException', onUncaught);
  const { reallyExit } = process;
  process.reallyExit = code => {
    leave();
    reallyExit.call(process, code);
  };
}

function prepareGlobals() {
  // As in the REPL, a relative path that is required is that of the working folder.
  everything.module = Object.assign(main, { id: '<repl>', filename: null });
  hide(everything, '__dirname', { value: process.cwd(), writable: true });
  const variable = (name, get) => hide(everything, name, {
    get,
    // Whoever assigns to it wants a variable of that name.
    set: value => hide(everything, name, { value, writable: true }),
  });
  variable('_', () => lastValue);
  variable('_error', () => lastError);
  hide(everything, 'display', { value: display, writable: true });
  hide(everything, HELPERS, { value: helpers });
  const { prepareStackTrace, prototype: { toString: describe } } = Error;
  hide(Error, 'prepareStackTrace', {
    writable: true,
    value: (error, frames) => {
      const own = frames.filter(frame => !NOT_THE_USERS.has(frame.getFileName()));
      const text = prepareStackTrace ? prepareStackTrace(error, own) : [describe.call(error), ...own].join('\n    at ');
      return String(text).replace(/(REPL\d+:1:)(\d+)/g, (_all, place, column) => place + (column - PROLOGUE.length));
    },
  });
}

/** The inspector speaks of values by ids: this makes one of a function. */
function idOf(value, inspecting) {
  everything.kernelRunner = value;
  let id;
  const onOutcome = (_error, { result }) => { id = result.objectId; };
  inspecting.post('Runtime.evaluate', { expression: 'kernelRunner' }, onOutcome);
  delete everything.kernelRunner;
  return id;
}

function start() {
  const source = process.env.KERNEL_RUNNER_NODEJS_LINK;
  delete process.env.KERNEL_RUNNER_NODEJS_LINK;
  const { port1, port2 } = new MessageChannel();
  const worker = new Worker(source, {
    eval: true,
    execArgv: [],
    workerData: { shared, port: port2 },
    transferList: [port2],
  });
  keeper = idOf(value => { kept = value; }, session);
  patchReadline();
  patchSpawn();
  input.patch();
  require('module').syncBuiltinESMExports();
  output.mend();
  prepareProcess();
  // The other thread's inspector has ids of its own. It takes the hook and says so.
  hide(everything, 'kernelRunner', {
    value: { flush: () => { if (!interrupts.inDriver) output.flush(); }, interrupt: interrupts.onSignal },
  });
  worker.once('message', () => {
    delete everything.kernelRunner;
    // Node makes its own globals when this script has ended.
    prepareGlobals();
    link.start(port1);
    interrupts.inDriver = false;
    link.send('ready', 'check');
  });
}

start();
})();
