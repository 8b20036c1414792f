#!/usr/bin/env node
import { parseArgs } from 'node:util';
import { lavaPaths, version } from '@lava/base';
import { createCertificate } from '@lava/link';
import { explain } from '../main.ts';

const usage = `usage: create_certificate [--directory DIR] [--root DIR] NAME

Makes a key pair for encrypted connections: NAME.key, to be copied to the other machines, and NAME.key_secret, which
stays here. NAME is "master" on the server and the worker's hostname on a worker.
The directory is /etc/lava-dispatcher/certificates.d by default.
`;

try {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { directory: { type: 'string' }, root: { type: 'string' }, help: { type: 'boolean', short: 'h' }, version: { type: 'boolean' } },
  });
  if (values.help) {
    process.stdout.write(usage);
  } else if (values.version) {
    process.stdout.write(`create_certificate ${version}\n`);
  } else if (positionals.length !== 1 || positionals[0] === undefined) {
    process.stderr.write(usage);
    process.exitCode = 2;
  } else {
    const made = await createCertificate(values.directory ?? lavaPaths(values.root).certificates, positionals[0]);
    process.stdout.write(`${made.publicFile}\n${made.secretFile}\n`);
  }
} catch (error) {
  process.stderr.write(`create_certificate: ${explain(error)}\n`);
  process.exitCode = 1;
}
