import { expect, test } from 'vitest';
import { statusRow, storedStatus, workerWarnings } from './worker-status.ts';

const GiB = 2 ** 30;
const status = (free: number, total: number, clockAhead?: number) => storedStatus({ disk: { free, total }, cache: { free, total, hits: 1, misses: 2 }, load: 0.5, running: 1, clockAhead });
const codes = (...of: Parameters<typeof status>) => workerWarnings(status(...of)).map(({ code }) => code);

test('little room is warned of: five gibibytes, and on small disks a tenth', () => {
  expect(codes(5 * GiB, 200 * GiB)).toEqual([]);
  expect(codes(4.9 * GiB, 200 * GiB)).toEqual(['worker-disk']);
  expect(codes(2 * GiB, 16 * GiB)).toEqual([]);
  expect(codes(1.5 * GiB, 16 * GiB)).toEqual(['worker-disk']);
  expect(workerWarnings(status(1.5 * GiB, 16 * GiB))[0]?.message).toBe('Only 1.5 GiB of 16.0 GiB are free on the disk of its jobs');
  // A file system that does not say its size.
  expect(codes(0, 0)).toEqual([]);
});

test('a clock that is off is warned of, which way too', () => {
  expect(codes(1, 1, 5000)).toEqual([]);
  expect(workerWarnings(status(1, 1, 61_000))[0]?.message).toBe("Its clock is 61 s ahead of the server's");
  expect(workerWarnings(status(1, 1, -6000))[0]?.message).toBe("Its clock is 6 s behind the server's");
});

test('what is old warns of nothing', () => {
  const at = new Date(0);
  expect(statusRow(status(0, GiB), at, true)?.warnings).toHaveLength(1);
  expect(statusRow(status(0, GiB), at, false)).toMatchObject({ at: '1970-01-01T00:00:00.000Z', warnings: [], clock_ahead: null });
  expect(statusRow(null, null, null)).toBeNull();
});
