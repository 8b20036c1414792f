import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { basename } from 'node:path';
import { InfrastructureError, messageOf } from '@lava/base';
import { serveAddress } from './serve-address.ts';
import { asText } from '../text/as-text.ts';
import type { Action } from '../pipeline/action.ts';

/**
 * Serves one file over HTTP, and nothing else, while `use` runs, on a port of the system's choice. Devices that have
 * an address for HTTP of their own (`dispatcher_http_ip`, with or without port) are given that.
 */
export async function serveFile(a: Action, file: string, use: (url: string) => Promise<void>): Promise<void> {
  const { size } = await stat(file);
  const path = `/tmp/${a.job.id}/${encodeURIComponent(basename(file))}`;
  const server = createServer((request, response) => {
    if (request.url !== path || !['GET', 'HEAD'].includes(request.method ?? '')) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': size });
    if (request.method === 'HEAD') response.end();
    else createReadStream(file).on('error', (error) => response.destroy(error)).pipe(response);
  });
  const [announced = a.job.dispatcherIp, announcedPort] = asText(a.job.dispatcher['dispatcher_http_ip'] ?? a.job.dispatcherIp).split(':');
  const address = serveAddress(a.job);
  try {
    server.listen(announcedPort === undefined ? 0 : Number(announcedPort), address);
    await once(server, 'listening', { signal: a.signal });
  } catch (error) {
    if (a.signal.aborted) throw a.signal.reason;
    throw new InfrastructureError(`Cannot serve files to the device at ${address}: ${messageOf(error)}`, {
      code: 'serve-file', hint: "Set 'dispatcher_ip' in the worker's dispatcher.yaml to an address of the worker that devices reach; a port in 'dispatcher_http_ip' must be free.", cause: error,
    });
  }
  try {
    const bound = server.address();
    await use(`http://${announced}:${typeof bound === 'object' && bound ? bound.port : ''}${path}`);
  } finally {
    server.close();
    server.closeAllConnections();
  }
}
