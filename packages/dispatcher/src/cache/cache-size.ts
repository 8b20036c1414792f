import { ConfigurationError } from '@lava/base';

const units: Readonly<Record<string, number>> = { '': 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 };

/**
 * Bytes of a size as people write it: `20G`, `500M`, `0`; undefined for an empty text.
 * @throws ConfigurationError
 */
export function parseCacheSize(text: string | undefined): number | undefined {
  if (text === undefined || text.trim() === '') return undefined;
  const { number, unit = '' } = /^(?<number>\d{1,15}(?:\.\d+)?)\s*(?:(?<unit>[KMGT])(?:i?B)?|B)?$/i.exec(text.trim())?.groups ?? {};
  const bytes = Math.floor(Number(number) * units[unit.toUpperCase()]!);
  if (number === undefined || !Number.isSafeInteger(bytes)) {
    throw new ConfigurationError(`CACHE_SIZE is "${text}"`, { code: 'setting-cache-size', hint: 'Write a size like CACHE_SIZE="20G" or "500M", or "0" to keep no downloads.' });
  }
  return bytes;
}
