import { version } from '@lava/base';
import type { FastifyInstance } from 'fastify';
import { methods } from './xmlrpc/methods.ts';
import { helpText } from './xmlrpc/help.ts';

/** `/api/help/`, where XML-RPC sends a browser: what programs can use, and the methods of XML-RPC as their help texts say. */
export function apiHelp(app: FastifyInstance): void {
  let page: string | undefined;
  app.get('/api/help/', async (request, reply) => {
    page ??= body();
    return reply.type('text/html; charset=utf-8').send(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>API help · LAVA</title>
<style>:root { color-scheme: light dark } body { font: 14px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem } pre { white-space: pre-wrap; overflow-wrap: anywhere } summary { cursor: pointer; overflow-wrap: anywhere }</style>
</head><body><main>
<h1>API help</h1>
<p>LAVA ${version}. Programs use one of these with a token of yours (<a href="/me">make one</a>):</p>
<ul>
<li>XML-RPC at <code>${escape(request.protocol)}://USER:TOKEN@${escape(request.host)}/RPC2</code>, which <code>lavacli</code> speaks: the methods below</li>
<li>REST at <code>/api/v0.2/</code>, with the header <code>Authorization: Token TOKEN</code>: <a href="/api/">as an OpenAPI document</a></li>
<li>what goes beyond LAVA's own: <a href="/help/api">its documentation</a></li>
</ul>
${page}</main></body></html>
`);
  });
  // Where LAVA's pages have the tokens of a user.
  app.get('/api/tokens/', async (_request, reply) => reply.redirect('/me', 302));
  app.get('/api/help', async (_request, reply) => reply.redirect('/api/help/', 301));
}

function body(): string {
  const all = [...methods.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  return `<h2>${all.length} methods of XML-RPC</h2>\n${all.map((m) => `<details id="${escape(m.name)}"><summary><code>${escape(m.name)}(${escape(Object.keys(m.params).join(', '))})</code></summary><pre>${escape(helpText(m))}</pre></details>`).join('\n')}\n`;
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escape = (text: string) => text.replaceAll(/[&<>"]/g, (c) => entities[c]!);
