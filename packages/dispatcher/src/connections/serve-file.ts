import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { basename } from 'node:path';
import { InfrastructureError, messageOf } from '@lava/base';
import { asText } from '../pipeline/as-text.ts';
import type { Action } from '../pipeline/action.ts';

/**
 * Serves one file over HTTP at the worker's address while `use` runs, on a port of the system's choice. Devices that have
 * an address for HTTP of their own (`dispatcher_http_ip`, with or without port) are given that.
 */
export async function serveFile(a: Action, file: string, use: (url: string) => Promise<void>): Promise<void> {
  const { size } = await stat(file);
  const path = `/tmp/${a.job.id}/${basename(file)}`;
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
  try {
    server.listen(announcedPort === undefined ? 0 : Number(announcedPort), a.job.dispatcherIp);
    await once(server, 'listening', { signal: a.signal });
  } catch (error) {
    if (a.signal.aborted) throw a.signal.reason;
    throw new InfrastructureError(`Cannot serve files to the device at ${a.job.dispatcherIp}: ${messageOf(error)}`, {
      code: 'serve-file', hint: "Set 'dispatcher_ip' in the worker's dispatcher.yaml to an address of the worker that devices reach.", cause: error,
    });
  }
  try {
    const address = server.address();
    await use(`http://${announced}:${typeof address === 'object' && address ? address.port : ''}${path}`);
  } finally {
    server.close();
    server.closeAllConnections();
  }
}
