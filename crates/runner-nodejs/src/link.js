/*
 * The thread beside the one that runs the user's code: it reads the link, hears SIGINT and completes names.
 *
 * It reaches the other thread in two ways: by messages, which that reads when it comes to rest, and through the
 * inspector, whose calls are answered in the middle of running code.
 */
'use strict';

const fs = require('fs');
const inspector = require('inspector');
const { builtinModules } = require('module');
const net = require('net');
const { constants } = require('os');
const { compileFunction } = require('vm');
const { parentPort, workerData: { shared, port } } = require('worker_threads');

// How often, in milliseconds, it is looked whether output waits while a query runs.
const PROMPTNESS = 20;
// How long, in milliseconds, code may take to come to rest by itself after an interrupt.
const PATIENCE = 25;
// How long a thread that is in no JavaScript is waited for when names are completed.
const COMPLETION_PATIENCE = 1000;
const MOST_SUGGESTIONS = 1000;

// What both threads see, by the indices that driver.js has too.
const [INTERRUPT, MESSAGES, UNFLUSHED, RUNNING, GONE] = [0, 1, 2, 3, 4];

const KEYWORDS = ('async await break case catch class const continue debugger default delete do else export extends ' +
  'false finally for function if import in instanceof let new null return static super switch this throw true try ' +
  'typeof var void while with yield').split(' ');

// Names, joined by points and constant indices, that may begin with a text.
const TEXT = '(?:"[^"\\n]*"|\'[^\'\\n]*\')';
const CHAIN = new RegExp(`(?:${TEXT}(?=\\.))?(?:[\\w$\\u00a1-\\uffff]+|\\[(?:\\d+|${TEXT})\\]|\\?\\.|\\.)*$`);

const session = new inspector.Session();
session.connectToMainThread();

/** Calls a method of the inspector. */
function post(method, parameters) {
  return new Promise((resolve, reject) => {
    session.post(method, parameters, (error, result) => (error ? reject(error) : resolve(result)));
  });
}

/** Wakes a thread that waits for a message, or for an interrupt. */
function notify() {
  Atomics.add(shared, MESSAGES, 1);
  Atomics.notify(shared, MESSAGES);
}

function tell(message) {
  port.postMessage(message);
  notify();
}

/** Reads frames: a header line `KIND LENGTH ...`, then the parts as they are. */
function readFrames(descriptor, onFrame, onEnd) {
  let chunks = [];
  let size = 0;
  let needed = 0;
  const socket = new net.Socket({ fd: descriptor, readable: true, writable: false });
  socket.on('data', chunk => {
    chunks.push(chunk);
    size += chunk.length;
    if (size < needed) return;
    let bytes = chunks.length === 1 ? chunk : Buffer.concat(chunks);
    needed = 0;
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10)) {
      const [kind, ...lengths] = bytes.latin1Slice(0, end).split(' ');
      needed = lengths.reduce((sum, length) => sum + Number(length), end + 1);
      if (bytes.length < needed) break;
      let at = end + 1;
      onFrame(kind, lengths.map(length => bytes.utf8Slice(at, (at += Number(length)))));
      bytes = bytes.subarray(needed);
      needed = 0;
    }
    chunks = [bytes];
    size = bytes.length;
  });
  socket.on('close', onEnd);
  socket.on('error', () => {});
}

let hooks;

/** Calls a function of the driver's, in the middle of whatever runs there. */
function callHook(name, ...values) {
  return post('Runtime.callFunctionOn', {
    objectId: hooks,
    functionDeclaration: `function (...values) { return this.${name}(...values); }`,
    arguments: values.map(value => ({ value })),
    returnByValue: true,
  });
}

let ticking;

/** Sends what waits, as long as a query runs. */
function tick() {
  if (Atomics.load(shared, RUNNING) === 0) {
    clearInterval(ticking);
    ticking = undefined;
  } else if (Atomics.load(shared, UNFLUSHED) === 1) {
    callHook('flush').catch(() => {});
  }
}

function onFrame(kind, parts) {
  if (kind === 'query') {
    Atomics.store(shared, RUNNING, 1);
    tell({ kind, text: parts[0] });
    ticking ??= setInterval(tick, PROMPTNESS);
  } else {
    tell({ kind, sequence: parts[0], text: parts[1] });
  }
}

let signals = 0;

/** Asks for the end of the user's code until it has come. */
async function interrupt(number, isInsistent) {
  const { result } = await callHook('interrupt', number, isInsistent);
  if (result.value === true) setTimeout(() => interrupt(number, true).catch(() => {}), PATIENCE);
}

function hearSignals() {
  process.noDeprecation = true;
  // `process.on` hears no signals in a thread like this.
  const { Signal } = process.binding('signal_wrap');
  const signal = new Signal();
  signal.onsignal = () => {
    signals += 1;
    Atomics.store(shared, INTERRUPT, signals);
    notify();
    interrupt(signals, false).catch(() => {});
  };
  signal.start(constants.signals.SIGINT);
}

/**
 * What the other thread asks for comes after any signal that it was sent before: such is heard in two turns of this
 * loop.
 */
function onMessage({ kind, sequence }) {
  if (kind === 'leave') {
    leave();
    return;
  }
  setImmediate(() => setImmediate(() => {
    if (kind === 'settled') Atomics.store(shared, INTERRUPT, 0);
    tell({ kind, sequence });
  }));
}

function leave() {
  session.disconnect();
  Atomics.store(shared, GONE, 1);
  Atomics.notify(shared, GONE);
}

/** Completes the name to the left of the cursor. */
const completer = {
  names: [],

  async complete(before) {
    // A chain of members, in which calls are not made: whatever stands before the last point is looked at.
    const [chain] = CHAIN.exec(before);
    const [, owner, joint, start] = /^(?:([^]*?)(\??\.))?([\w$\u00a1-\uffff]*)$/.exec(chain) ?? [];
    // A member of what a call returns, or of something longer, is not known without doing it.
    if (start === undefined || owner === '') return [];
    const names = owner === undefined ? await completer.variables() : await completer.members(owner);
    const prefix = owner === undefined ? '' : owner + joint;
    const fits = names.filter(name => name.startsWith(start) && /^(?!\d)[\w$\u00a1-\uffff]+$/.test(name));
    // What begins with a capital or an underscore is asked for more seldom.
    const [common, rare] = [fits.filter(name => /^[a-z]/.test(name)), fits.filter(name => !/^[a-z]/.test(name))];
    return [...new Set([...common.sort(), ...rare.sort()])].slice(0, MOST_SUGGESTIONS).map(name => prefix + name);
  },

  async variables() {
    const lexical = await post('Runtime.globalLexicalScopeNames', {});
    completer.names = [...KEYWORDS, ...lexical.names, ...await completer.members('globalThis')];
    return completer.names;
  },

  async members(owner) {
    const { result, exceptionDetails } = await post('Runtime.evaluate', {
      expression: /^\w+$/.test(owner) && !/^\d/.test(owner) ? owner : `(${owner})`,
      throwOnSideEffect: true,
      objectGroup: 'completion',
      silent: true,
      timeout: COMPLETION_PATIENCE / 2,
    });
    if (exceptionDetails) return completer.ofBuiltin(owner);
    let { objectId } = result;
    if (objectId === undefined) {
      const type = { string: 'String', number: 'Number', boolean: 'Boolean', bigint: 'BigInt' }[result.type];
      if (type === undefined) return [];
      objectId = (await post('Runtime.evaluate', {
        expression: `${type}.prototype`, throwOnSideEffect: true, objectGroup: 'completion', silent: true,
      })).result.objectId;
    }
    const properties = await post('Runtime.getProperties', { objectId, ownProperties: false });
    post('Runtime.releaseObjectGroup', { objectGroup: 'completion' });
    return properties.result.map(({ name }) => name);
  },

  /** Built-in modules are loaded when their name is first used, which is more than a completion may do there. */
  ofBuiltin(owner) {
    const [name, ...path] = owner.split('.');
    if (!builtinModules.includes(name)) return [];
    let found = path.reduce((value, key) => value?.[key], require(name));
    const names = [];
    for (; found !== null && found !== undefined; found = Object.getPrototypeOf(found)) {
      names.push(...Object.getOwnPropertyNames(found));
    }
    return names;
  },

  /** What can be told of a thread that does not answer: keywords, and the variables that it had. */
  async known(before) {
    const [start] = /[\w$.]*$/.exec(before);
    const known = completer.names.length > 0 ? completer.names : KEYWORDS;
    return start.includes('.') ? [] : [...new Set(known)].filter(name => name.startsWith(start));
  },
};

/** Tells whether code is complete as Node's REPL does: what the parser misses at its end may follow. */
const checker = {
  parser: undefined,

  /** The parser that Node's own REPL uses. */
  load() {
    const source = process.binding('natives')['internal/deps/acorn/acorn/dist/acorn'];
    const module = { exports: {} };
    compileFunction(source, ['exports', 'module'])(module.exports, module);
    return module.exports;
  },

  check(text) {
    const code = text.replace(/^\ufeff/, '').replace(/\r\n/g, '\n');
    const asCode = checker.parse(code);
    if (asCode !== 'invalid' || !/^\s*\{/.test(code)) return asCode;
    // What looks like an object may be one.
    const asObject = checker.parse(`(${code}`);
    return asObject === 'incomplete' && checker.parse(`(${code}\n)`) === 'complete' ? 'complete' : asObject;
  },

  parse(code) {
    checker.parser ??= checker.load();
    const options = { ecmaVersion: 'latest', allowImportExportEverywhere: true, allowAwaitOutsideFunction: true };
    try {
      checker.parser.parse(code, { ...options, allowHashBang: true });
      return 'complete';
    } catch ({ pos, message }) {
      const isOpen = pos === code.length || /^Unterminated (template|comment)/.test(message)
        || (/^Unterminated string/.test(message) && /\\\n?$/.test(code));
      return isOpen ? 'incomplete' : 'invalid';
    }
  },
};

function answer(kind, texts) {
  const parts = texts.map(text => Buffer.from(text));
  const header = [kind, ...parts.map(part => part.length)].join(' ');
  fs.writeSync(6, Buffer.concat([Buffer.from(`${header}\n`), ...parts]));
}

function onCheck(code) {
  let found = [];
  try {
    found = [checker.check(code)];
  } catch {
    // A Node without that parser cannot tell.
  }
  answer('checked', found);
}

async function onCompletion(before) {
  let timer;
  const late = new Promise(resolve => { timer = setTimeout(resolve, COMPLETION_PATIENCE); });
  let found = [];
  try {
    found = await Promise.race([completer.complete(before), late.then(() => completer.known(before))]);
  } catch {
    // A completer that fails has nothing to offer.
  }
  clearTimeout(timer);
  answer('completion', found.slice(0, MOST_SUGGESTIONS));
}

async function start() {
  // Whoever listens lives on; whoever only waits for the inspector does not.
  port.on('message', onMessage);
  const { result } = await post('Runtime.evaluate', { expression: 'kernelRunner' });
  hooks = result.objectId;
  hearSignals();
  let last = Promise.resolve();
  readFrames(3, onFrame, () => tell({ kind: 'end' }));
  readFrames(5, (kind, [text]) => {
    last = last.then(() => (kind === 'check' ? onCheck(text) : onCompletion(text)));
  }, () => {});
  parentPort.postMessage('up');
}

start();
