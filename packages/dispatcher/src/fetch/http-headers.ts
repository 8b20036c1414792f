import type { Version } from '../cache/entry.ts';

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** What the headers of an answer tell of the file. */
export interface AnswerHead {
  readonly status: number;
  /** Bytes of the whole file, if known. */
  readonly size: number | undefined;
  /** Number of the first byte that comes, when it is not all of the file. */
  readonly from?: number;
  /** Undefined when the server gives none, or says that nothing may be kept. */
  readonly version?: Version;
  /** Bytes from the middle can be asked for, and surely are of the same version. */
  readonly resumable: boolean;
}

export function readAnswer(status: number, headers: Headers): AnswerHead {
  const text = (name: string) => (typeof headers[name] === 'string' ? headers[name] : undefined);
  const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(text('content-range') ?? '');
  const etag = text('etag');
  const modified = text('last-modified');
  const version = /\bno-store\b/i.test(text('cache-control') ?? '') || (etag === undefined && modified === undefined) ? undefined
    : { ...(etag !== undefined && { etag }), ...(modified !== undefined && { modified }) };
  return {
    status, size: status === 206 ? numberOf(range?.[2]) : numberOf(text('content-length')),
    ...(status === 206 && { from: numberOf(range?.[1]) ?? -1 }),
    ...(version && { version }),
    resumable: version !== undefined && strongValidator(version, text('date')) !== undefined && text('accept-ranges') !== 'none',
  };
}

/**
 * What proves that bytes are of one and the same file (RFC 9110, 13.1.5): a strong ETag, or a time of change that lay so far
 * back when it was told that a second change within the same second cannot have been missed.
 */
function strongValidator({ etag, modified }: Version, date?: string): string | undefined {
  if (etag !== undefined) return etag.startsWith('W/') ? undefined : etag;
  return date === undefined || Date.parse(date) - Date.parse(modified ?? '') >= 1000 ? modified : undefined;
}

/** Asks for the rest of a file if it is still the same, and for all of it if not. */
export function rangeFrom(byte: number, version: Version): Record<string, string> {
  return { range: `bytes=${byte}-`, 'if-range': strongValidator(version) ?? '""' };
}

/** Asks for a file only if it is another than this. */
export function unlessStill({ etag, modified }: Version): Record<string, string> {
  return { ...(etag !== undefined && { 'if-none-match': etag }), ...(modified !== undefined && { 'if-modified-since': modified }) };
}

function numberOf(text: string | undefined): number | undefined {
  const number = Number(text);
  return text !== undefined && Number.isSafeInteger(number) && number >= 0 ? number : undefined;
}
