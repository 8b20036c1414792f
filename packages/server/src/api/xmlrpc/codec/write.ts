import { pythonFloat } from '@lava/yaml';
import { Double, Fault, type XmlRpcValue } from './values.ts';

const head = "<?xml version='1.0'?>\n<methodResponse>\n";
const largestInt = 2 ** 31;

/** The answer with one value, laid out as Python's xmlrpc library does. Throws Fault for a number that does not fit. */
export function writeResponse(value: XmlRpcValue): Buffer {
  const parts: string[] = [head, '<params>\n<param>\n'];
  write(value, parts);
  parts.push('</param>\n</params>\n</methodResponse>\n');
  return joined(parts);
}

export function writeFault(fault: Fault): Buffer {
  const parts: string[] = [head, '<fault>\n'];
  write(faultStruct(fault), parts);
  parts.push('</fault>\n</methodResponse>\n');
  return joined(parts);
}

/** A fault as a value, as it stands in the answer of `system.multicall`. */
export const faultStruct = (fault: Fault) => ({ faultCode: fault.code, faultString: fault.message });

/** A long log makes a long text: it becomes bytes part by part, because a string has a greatest length. */
function joined(parts: readonly string[]): Buffer {
  return Buffer.concat(parts.map((part) => Buffer.from(part)));
}

function write(value: XmlRpcValue, parts: string[]): void {
  parts.push('<value>');
  writeInner(value, parts);
  // Python breaks the line behind every value but nil.
  parts.push(value === null ? '</value>' : '</value>\n');
}

function writeInner(value: XmlRpcValue, parts: string[]): void {
  if (value === null) parts.push('<nil/>');
  else if (typeof value === 'boolean') parts.push(`<boolean>${value ? 1 : 0}</boolean>`);
  else if (typeof value === 'number' || typeof value === 'bigint') parts.push(writeNumber(value));
  else if (typeof value === 'string') parts.push('<string>', escaped(value), '</string>');
  else if (value instanceof Double) parts.push(`<double>${writeFloat(value.value)}</double>`);
  else if (value instanceof Date) parts.push(`<dateTime.iso8601>${writeTime(value)}</dateTime.iso8601>`);
  else if (value instanceof Uint8Array) writeBytes(value, parts);
  else if (Array.isArray(value)) {
    parts.push('<array><data>\n');
    for (const item of value as readonly XmlRpcValue[]) write(item, parts);
    parts.push('</data></array>');
  } else {
    parts.push('<struct>\n');
    for (const [name, member] of value instanceof Map ? value as ReadonlyMap<string, XmlRpcValue> : Object.entries(value)) {
      if (member === undefined) continue;
      parts.push('<member>\n<name>', escaped(name), '</name>\n');
      write(member, parts);
      parts.push('</member>\n');
    }
    parts.push('</struct>');
  }
}

function writeNumber(value: number | bigint): string {
  if (typeof value === 'number' && !Number.isSafeInteger(value)) return `<double>${writeFloat(value)}</double>`;
  if (value >= -largestInt && value < largestInt) return `<int>${value}</int>`;
  if (BigInt.asIntN(64, BigInt(value)) !== BigInt(value)) throw new Fault(-32603, internalError(`the number ${value} does not fit into 64 bits`));
  return `<i8>${value}</i8>`;
}

/** XML-RPC has no word for what is no number; Python reads and writes these. */
const writeFloat = (value: number) => (Number.isFinite(value) ? pythonFloat(value) : Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf');

/** `YYYYMMDDTHH:MM:SS`, UTC; parts of a second are dropped. */
function writeTime(time: Date): string {
  return time.toISOString().replaceAll('-', '').slice(0, 17);
}

/** Base64 in lines of 76 characters (57 bytes). */
function writeBytes(bytes: Uint8Array, parts: string[]): void {
  parts.push('<base64>\n');
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const step = 57 * 16_384;
  for (let at = 0; at < buffer.length; at += step) parts.push(buffer.subarray(at, at + step).toString('base64').replace(/.{1,76}/g, '$&\n'));
  parts.push('</base64>');
}

/** Text for XML: what XML 1.0 cannot hold becomes U+FFFD, otherwise no client could read the answer. */
function escaped(text: string): string {
  return text.toWellFormed().replace(/[^\t\n\r\u0020-\ufffd\u{10000}-\u{10ffff}]/gu, '\uFFFD')
    .replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** The text of an error that no method answers by a fault of its own. */
export const internalError = (text: string) => `Internal Server Error (contact server administrator for details): ${text}`;
