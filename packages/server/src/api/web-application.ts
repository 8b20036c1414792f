import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import compress, { type FastifyCompressOptions } from '@fastify/compress';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';
import { errorBody, HttpError } from './errors.ts';

/**
 * Scripts come from this server only. Inline scripts are refused except those that the built `index.html` has itself
 * (for example the one that sets the theme before the first paint): they are named by their hash.
 * Styles may be inline, which user interface libraries need and which cannot run code.
 */
export function contentSecurityPolicy(webRoot: string | undefined): string {
  const index = webRoot && join(webRoot, 'index.html');
  const html = index && existsSync(index) ? readFileSync(index, 'utf8') : '';
  const hashes = [...html.matchAll(/<script(?![^>]*\ssrc=)[^>]*>([\s\S]*?)<\/script>/g)]
    .map((m) => ` 'sha256-${createHash('sha256').update(m[1]!).digest('base64')}'`);
  return [
    `default-src 'self'`, `script-src 'self'${hashes.join('')}`, `style-src 'self' 'unsafe-inline'`, `img-src 'self' data:`, `font-src 'self' data:`,
    `connect-src 'self'`, `object-src 'none'`, `base-uri 'none'`, `form-action 'self'`, `frame-ancestors 'none'`,
  ].join('; ');
}

/** For texts that browsers read; gzip at its fast level costs less than the time it saves on any network. */
export const compression = { encodings: ['gzip'], threshold: 1500, customTypes: /^text\/|json|javascript|xml/, zlibOptions: { level: 4 } } satisfies FastifyCompressOptions;

/** What must never be answered with the page of the browser application. */
const notPages = /^\/(api|ws|RPC2|assets|static|schemas|scheduler\/internal)(\/|$)/;

/** The browser application: its files, and `index.html` for every address that it shows itself. */
export async function webApplication(app: FastifyInstance, options: { webRoot?: string | undefined }): Promise<void> {
  const { webRoot } = options;
  const built = webRoot !== undefined && existsSync(join(webRoot, 'index.html'));
  if (built) {
    await app.register(compress, compression);
    await app.register(fastifyStatic, {
      root: webRoot, cacheControl: false, globIgnore: ['**/*.map'],
      setHeaders: (reply, path) => {
        // Names below assets/ carry a hash of the content.
        reply.header('cache-control', /[/\\]assets[/\\]/.test(path) ? 'public, max-age=31536000, immutable' : 'no-cache');
      },
    });
  }
  // Encapsulated scopes have their own; this one serves what no route took.
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?', 1)[0]!;
    const page = (request.method === 'GET' || request.method === 'HEAD') && !notPages.test(path);
    if (!page) return reply.code(404).send(errorBody(new HttpError(404, 'not-found', `Nothing is at ${path.slice(0, 200)}.`)));
    if (built) return reply.sendFile('index.html', { cacheControl: false });
    return reply.code(path === '/' ? 200 : 404).type('text/plain; charset=utf-8')
      .send('The web application is not built here: run "npm run build". The interfaces below /api work without it.\n');
  });
}
