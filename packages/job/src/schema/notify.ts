import { any, bool, either, list, literal, mapping, oneOf, record, required, text } from './schema.ts';

const callback = mapping({
  url: required(text()), method: oneOf('GET', 'POST'), token: text(), header: text({ max: 64 }),
  dataset: oneOf('minimal', 'logs', 'results', 'all'), 'content-type': oneOf('urlencoded', 'json'),
});

const recipient = mapping({
  to: required(either(
    mapping({ method: required(literal('email')), user: text(), email: text() }),
    mapping({ method: required(literal('irc')), user: text(), handle: text(), server: text() }),
  )),
});

export const notify = mapping({
  criteria: required(mapping({
    status: required(oneOf('running', 'complete', 'incomplete', 'canceled', 'finished', 'all')),
    type: oneOf('regression', 'progression'),
    dependency_query: text(),
  })),
  verbosity: oneOf('verbose', 'quiet', 'status-only'),
  recipients: list(recipient),
  callback,
  callbacks: list(callback),
  compare: mapping({
    query: either(mapping({ username: required(text()), name: required(text()) }), mapping({ entity: required(text()), conditions: record(any()) })),
    blacklist: list(text()),
    extra: bool(),
  }),
}, { exclusive: ['callbacks', ['callback', 'callbacks']] });
