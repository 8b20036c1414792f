import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
// @ts-expect-error -- it has no types
import S3rver from 's3rver';

/** A server that speaks the language of S3, with one bucket; its keys are in the environment that it returns. */
export interface TestS3 {
  readonly endpoint: string;
  readonly bucket: string;
  readonly environment: { readonly AWS_ACCESS_KEY_ID: string; readonly AWS_SECRET_ACCESS_KEY: string };
  /** While it is false, no connection is answered. */
  answers: boolean;
  close(): Promise<void>;
}

/** @param directory where it keeps its files */
export async function startS3(directory: string): Promise<TestS3> {
  const bucket = 'lava-logs';
  const s3 = new S3rver({ directory, silent: true, configureBuckets: [{ name: bucket, configs: [] }] }) as { configureBuckets(): Promise<void>; callback(): (request: IncomingMessage, response: ServerResponse) => unknown };
  await s3.configureBuckets();
  const app = s3.callback();
  const state = { answers: true };
  const server = createServer((request, response) => {
    if (state.answers) void app(request, response);
    else request.socket.destroy();
  });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, bucket,
    // The only keys that it knows.
    environment: { AWS_ACCESS_KEY_ID: 'S3RVER', AWS_SECRET_ACCESS_KEY: 'S3RVER' },
    get answers() { return state.answers; },
    set answers(value) { state.answers = value; },
    async close() {
      const closed = new Promise((resolve) => { server.close(resolve); });
      server.closeAllConnections();
      await closed;
    },
  };
}
