import compress from '@fastify/compress';
import { deviceJsonSchema } from '@lava/device';
import { testDefinitionJsonSchema } from '@lava/job';
import { labJsonSchema } from '@lava/lab';
import type { FastifyInstance } from 'fastify';
import type { Services } from '../services.ts';
import { compression } from './web-application.ts';

/** JSON Schemas for editors: `/schemas/job.json`, `device.json`, `lab.json` and `test-definition.json`. Anybody may read them. */
export async function schemas(app: FastifyInstance, { services }: { services: Services }): Promise<void> {
  await app.register(compress, compression);
  const texts: Readonly<Record<string, () => string>> = {
    job: once(() => JSON.stringify(services.jobs.jsonSchema())),
    device: once(() => JSON.stringify(deviceJsonSchema())),
    lab: once(() => JSON.stringify(labJsonSchema())),
    'test-definition': once(() => JSON.stringify(testDefinitionJsonSchema())),
  };
  for (const [name, text] of Object.entries(texts)) {
    app.get(`/schemas/${name}.json`, async (_request, reply) =>
      reply.type('application/schema+json; charset=utf-8').header('cache-control', 'max-age=3600').send(text()));
  }
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
