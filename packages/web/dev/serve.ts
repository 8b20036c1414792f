import { fileURLToPath } from 'node:url';
import { startFakeServer } from './fake-server.ts';

/** Serves the built application over the made-up lab until it is interrupted. */
const server = await startFakeServer({ dist: fileURLToPath(new URL('../../dist', import.meta.url)), port: Number(process.argv[2] ?? 8000) });
process.stdout.write(`${server.url}\n`);
