#!/usr/bin/env node
import { withoutDjangoOptions } from '../manage/django-options.ts';
import { CommandError } from '../manage/visit.ts';
import { serverProgram } from '../program.ts';
import { explain } from '../run.ts';

try {
  await serverProgram().parseAsync(withoutDjangoOptions(process.argv));
} catch (error) {
  process.stderr.write(error instanceof CommandError ? `CommandError: ${error.message}\n` : `lava-server: ${explain(error)}\n`);
  process.exitCode = error instanceof CommandError ? error.status : 1;
}
process.exit();
