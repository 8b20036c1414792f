import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDialable } from './address.ts';
import { formatCertificate, parseCertificate } from './certificates.ts';
import { mostServers, type ServerAddress } from './messages.ts';

/*
 * A worker joins with a code that an admin reads to it, and nothing else. The code never travels: both sides derive a key
 * from it, with which the worker signs its new public key and the server its answer. So whoever listens learns nothing of
 * use, and whoever stands in between can put in no key of his own, even where the connection is not encrypted.
 */

/** Where workers enrol, below the address of the server's web. */
export const enrolmentPath = '/api/v1/enrolment';

/** Worker → server, as JSON. */
export interface EnrolmentRequest {
  readonly hostname: string;
  /** Z85, of the pair that the worker made. */
  readonly public_key: string;
  readonly proof: string;
}

/** Server → worker, as JSON. */
export interface EnrolmentAnswer {
  /** Z85, of the server's certificate. */
  readonly master_key: string;
  /** TCP ports of the link, on the machine that the worker has asked. */
  readonly control_port: number;
  readonly log_port: number;
  readonly proof: string;
  /** All servers that may lead, in the place of that machine; absent or empty: it is the only one. Older workers leave them unread. */
  readonly servers?: readonly ServerAddress[];
  /** Of the servers; older workers compute `proof` without them. */
  readonly servers_proof?: string;
}

// Without characters that are taken for one another: it may be typed.
const alphabet = 'abcdefghjkmnpqrstuvwxyz23456789';
const codeLength = 28;

/** A fresh code of 138 random bits. */
export function newEnrolmentCode(): string {
  let code = '';
  while (code.length < codeLength) {
    // 248 is the largest multiple of 31 in a byte: what lies above would favour the first letters.
    for (const byte of randomBytes(codeLength)) if (byte < 248 && code.length < codeLength) code += alphabet[byte % 31];
  }
  return code.replace(/(.{7})(?=.)/g, '$1-');
}

/** What both sides keep of a code for a worker of this name: hex. */
export function enrolmentKey(code: string, hostname: string): string {
  const plain = code.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
  return createHash('sha256').update(JSON.stringify(['lava-enrolment', hostname, plain])).digest('hex');
}

/** The worker's signature of what it asks. */
export function signRequest(key: string, { hostname, public_key }: Omit<EnrolmentRequest, 'proof'>): string {
  return sign(key, ['worker', hostname, public_key]);
}

/** The server's signature of its answer to a request. */
export function signAnswer(key: string, request: Omit<EnrolmentRequest, 'proof'>, { master_key, control_port, log_port }: Omit<EnrolmentAnswer, 'proof'>): string {
  return sign(key, ['server', request.hostname, request.public_key, master_key, control_port, log_port]);
}

/** The server's signature of the servers that its answer to a request names. */
export function signServers(key: string, request: Omit<EnrolmentRequest, 'proof'>, servers: readonly ServerAddress[]): string {
  return sign(key, ['servers', request.hostname, request.public_key, ...servers.flatMap(({ master, logger }) => [master, logger])]);
}

function sign(key: string, parts: readonly (string | number)[]): string {
  return createHmac('sha256', key).update(JSON.stringify(parts)).digest('hex');
}

/** Compares in constant time. */
export function sameProof(expected: string, given: string): boolean {
  const [a, b] = [Buffer.from(expected), Buffer.from(given)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** True for servers as an answer may name them. */
export function areServers(value: unknown): value is readonly ServerAddress[] {
  return Array.isArray(value) && value.length <= mostServers
    && value.every((server: Partial<ServerAddress> | null) => [server?.master, server?.logger].every((address) => typeof address === 'string' && isDialable(address)));
}

/** True for a public key as certificates have it. */
export function isPublicKey(text: string): boolean {
  if (!/^[^\s"\\]{40}$/.test(text)) return false;
  try {
    return parseCertificate(formatCertificate({ publicKey: text }), '').publicKey === text;
  } catch {
    return false;
  }
}

/** Writes the public certificate `NAME.key`, whole or not at all, over the one that is there. */
export async function replacePublicCertificate(directory: string, name: string, publicKey: string): Promise<void> {
  const temporary = join(directory, `.${name}.key.${process.pid}`);
  try {
    await writeFile(temporary, formatCertificate({ publicKey }), { mode: 0o644 });
    await rename(temporary, join(directory, `${name}.key`));
  } finally {
    await rm(temporary, { force: true });
  }
}
