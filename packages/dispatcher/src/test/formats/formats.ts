import type { FormatReader } from './format.ts';
import { JunitReader } from './junit.ts';
import { TapReader } from './tap.ts';

/** Formats of `lava-test-report` and of `parse: {format: …}`. */
const formats = {
  ktap: () => new TapReader(),
  tap: () => new TapReader(),
  junit: () => new JunitReader(),
} as const satisfies Record<string, () => FormatReader>;

/** @returns undefined for a format that is not known */
export function formatReader(format: string): FormatReader | undefined {
  return Object.hasOwn(formats, format) ? formats[format as keyof typeof formats]() : undefined;
}

/** Names for people. */
export const formatNames = Object.keys(formats).join(', ');
