import { mostServers, type LogMessage, type LogReply, type ServerMessage, type WorkerMessage } from './messages.ts';

/** A message that does not follow messages.ts; the text says what is wrong with it, without quoting it at length. */
class WireError extends Error {
  override readonly name = 'WireError';
}

const isText = (v: unknown) => typeof v === 'string';
const isWhole = (v: unknown) => Number.isSafeInteger(v) && (v as number) >= 0;
const isTexts = (v: unknown) => Array.isArray(v) && v.length <= 1000 && v.every(isText);
const isAttempts = (v: unknown) => Array.isArray(v) && v.length <= 10_000
  && v.every((a) => typeof a === 'object' && a !== null && isWhole((a as { job: unknown }).job) && isWhole((a as { fence: unknown }).fence));
const isFiles = (v: unknown) => typeof v === 'object' && v !== null
  && ['job.yaml', 'device.yaml', 'dispatcher.yaml', 'env.yaml', 'env-dut.yaml'].every((name) => isText((v as Record<string, unknown>)[name]));
const isMapping = (v: unknown) => typeof v === 'object' && v !== null && !Array.isArray(v);
const isFlag = (v: unknown) => typeof v === 'boolean';
const isSeconds = (v: unknown) => typeof v === 'number' && Number.isFinite(v) && v > 0;
const optional = (check: Check): Check => (v) => v === undefined || check(v);
const isNumber = (v: unknown) => typeof v === 'number' && Number.isFinite(v);
const hasFields = (fields: Readonly<Record<string, Check>>): Check => (v) => isMapping(v) && Object.entries(fields).every(([name, check]) => check((v as Record<string, unknown>)[name]));
const isServers = (v: unknown) => Array.isArray(v) && v.length <= mostServers && v.every(hasFields({ master: isText, logger: isText }));
// Some file systems are larger than the numbers that count exactly.
const isBytes = (v: unknown) => isNumber(v) && (v as number) >= 0;
const disk = { free: isBytes, total: isBytes };
const isStatus = hasFields({ disk: hasFields(disk), cache: hasFields({ ...disk, hits: isWhole, misses: isWhole }), load: isNumber, running: isWhole, clockAhead: optional(isNumber) });
const isResult = (v: unknown) => v === 'pass' || v === 'fail';

type Check = (value: unknown) => boolean;
/** Fields of each message by type: what is not named here is dropped, what does not hold refuses the message. */
type Table<M extends { type: string }> = { readonly [T in M['type']]: { readonly [F in Exclude<keyof Extract<M, { type: T }>, 'type'>]-?: Check } };

const attempt = { job: isWhole, fence: isWhole };
const inSession = { session: isText };

export const workerMessages: Table<WorkerMessage> = {
  HELLO: { protocol: isWhole, newest: optional(isWhole), version: isText, hostname: isText, capabilities: isTexts, instance: isText, proof: optional(isText), challenge: optional(isText) },
  PING: { ...inSession, attempts: isAttempts, status: optional(isStatus), sent: optional(isNumber) },
  START_OK: { ...inSession, ...attempt },
  START_FAILED: { ...inSession, ...attempt, reason: isText },
  END: { ...inSession, ...attempt, result: isResult, errorType: isText, errorMessage: isText, errors: isText, description: isText, logLines: isWhole, poweredOff: isFlag },
  CALL: { ...inSession, ...attempt, call: isWhole, request: isMapping },
  UNKNOWN: { ...inSession, ...attempt },
  BYE: inSession,
};

export const serverMessages: Table<ServerMessage> = {
  CHALLENGE: { challenge: isText },
  HELLO_OK: { protocol: isWhole, version: isText, session: isText, interval: isSeconds, capabilities: isTexts, servers: optional(isServers) },
  REFUSED: { reason: isText, retry: isFlag },
  GREET: inSession,
  PROBE: {},
  PONG: { interval: isSeconds, sent: optional(isNumber), time: optional(isNumber) },
  START: { ...attempt, files: isFiles },
  CANCEL: attempt,
  STATUS: attempt,
  ANSWER: { ...attempt, call: isWhole, answer: isMapping },
  END_OK: attempt,
};

export const logMessages: Table<LogMessage> = { LOG: { ...inSession, ...attempt, index: isWhole, count: isWhole } };

export const logReplies: Table<LogReply> = {
  LOG_OK: { ...attempt, lines: isWhole },
  LOG_REFUSED: { ...attempt, reason: isText },
  GREET: inSession,
};

/** Frames of a message: `[type, JSON header, binary…]`. */
export function encode<M extends { readonly type: string }>(message: M, binary?: Uint8Array): (string | Uint8Array)[] {
  const { type, ...header } = message;
  const frames = [type, JSON.stringify(header)];
  return binary ? [...frames, binary] : frames;
}

/** Reads frames by a table of messages. Throws WireError. */
export function decode<M extends { type: string }>(frames: readonly Buffer[], table: Table<M>, binaryFrames = 0): M {
  if (frames.length !== 2 + binaryFrames) throw new WireError(`${frames.length} frames instead of ${2 + binaryFrames}`);
  const type = frames[0]?.subarray(0, 40).toString('latin1') ?? '';
  if (!Object.hasOwn(table, type)) throw new WireError(`unknown message ${JSON.stringify(type)}`);
  let header: unknown;
  try {
    header = JSON.parse(frames[1]?.toString('utf8') ?? '');
  } catch {
    throw new WireError(`header of ${type} is not JSON`);
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header)) throw new WireError(`header of ${type} is not a mapping`);
  const message: Record<string, unknown> = { type };
  for (const [field, check] of Object.entries<Check>(table[type as M['type']])) {
    const value = Object.hasOwn(header, field) ? (header as Record<string, unknown>)[field] : undefined;
    if (!check(value)) throw new WireError(`${type} with a wrong or missing "${field}"`);
    if (value !== undefined) message[field] = value;
  }
  return message as M;
}
