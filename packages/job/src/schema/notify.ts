import { anyMapping, bool, either, eitherMeant, list, mapping, oneOf, record, required, text, beyond } from './schema.ts';
import { isMapping } from '../mapping.ts';

const methods = { ...oneOf('GET', 'POST'), about: 'GET or POST' };
const callbackKeys = {
  url: required(text({ about: 'the address to call; {ID} and the like are replaced' })),
  method: methods,
  token: text({ about: 'the name of a token of yours, or its text' }),
  dataset: { ...oneOf('minimal', 'logs', 'results', 'all'), about: 'how much to send' },
  'content-type': oneOf('json', 'urlencoded'),
};
const verbosity = oneOf('verbose', 'quiet', 'status-only');
const address = { method: required(oneOf('email', 'irc')), user: text({ about: 'a user of LAVA' }), email: text(), handle: text(), server: text() };
const recipient = mapping({ to: required(mapping(address, { about: 'a mapping with "method" and a user or an address' })) });
const statuses = ['running', 'complete', 'incomplete', 'canceled', 'finished'] as const;

/** What submission checks. */
export const notify = (() => {
  const callback = mapping(callbackKeys, { others: 'allow', about: 'a mapping with "url"' });
  return mapping({
    criteria: required(mapping({ status: required(oneOf(...statuses, 'all')), type: oneOf('progression', 'regression'), dependency_query: text() }, { others: 'allow', about: 'a mapping with "status", such as {status: finished}' })),
    verbosity,
    recipients: list(recipient),
    callback,
    callbacks: list(callback),
    compare: mapping({
      query: either(mapping({ username: required(text()), name: required(text({ about: 'the name of a query' })) }), mapping({ entity: required(text()), conditions: anyMapping() })),
      blacklist: list(text()),
    }, { others: 'allow' }),
  }, { others: 'allow', exclusive: ['legacy_callback', ['callback', 'callbacks']] });
})();

/** What the published schema checks. */
export const publishedNotify = (() => {
  const callback = mapping({ ...callbackKeys, header: text({ about: 'the name of the header that carries the token' }) });
  const status = (...words: string[]) => required({ ...oneOf(...words), about: 'the state of the job that is told' });
  const meant = (value: unknown) => (isMapping(value) ? (value['status'] === 'all' ? 0 : Object.hasOwn(value, 'type') ? 2 : 1) : undefined);
  return mapping({
    criteria: required(eitherMeant(meant,
      mapping({ status: status('all') }),
      mapping({ status: status(...statuses), dependency_query: text({ about: 'a condition that other jobs have to meet' }) }),
      mapping({ status: status('complete', 'incomplete'), type: oneOf('regression', 'progression') }))),
    verbosity,
    recipients: list(recipient, { about: 'who is told' }),
    callback,
    callbacks: list(callback),
    compare: mapping({
      blacklist: list(text(), { about: 'suites and cases to leave out' }),
      query: eitherMeant((value) => (isMapping(value) && Object.hasOwn(value, 'entity') ? 1 : 0),
        mapping({ username: required(text()), name: required(text({ about: 'the name of a query' })) }),
        mapping({ entity: required(text()), conditions: record(text()) })),
      extra: beyond(bool()),
    }, { about: 'jobs to compare the results with' }),
  }, { exclusive: ['callback', ['callback', 'callbacks']], about: 'who is told of the end of the job' });
})();
