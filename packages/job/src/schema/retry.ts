import { publishedTimeout, timeout } from './common.ts';
import { beyond, integer, list, mapping, text, type Schema } from './schema.ts';

/** `retry` at the top of a job, which LAVA does not have. */
const retryOf = (delay: Schema) => beyond(mapping({
  count: integer({ min: 0, about: 'how often at most the job is tried again; 1 if not said, 0 for never' }),
  reasons: list(text({ min: 1 }), { min: 1, about: 'classes of errors or reason codes, such as [Infrastructure, login-timeout]; [Infrastructure] if not said' }),
  delay: { ...delay, about: 'how long to wait before it is tried again, such as {minutes: 10}' },
}, { about: 'when a job that failed is tried again, such as {count: 2, reasons: [Infrastructure]}' }));

/** As submission and settings check it. */
export const retry = retryOf(timeout);
export const publishedRetry = retryOf(publishedTimeout);
