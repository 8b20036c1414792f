#!/usr/bin/env node
import { fileURLToPath } from 'node:url';
import { finishDeadRun } from '@lava/dispatcher';
import { workerMain } from '../main.ts';

process.exit(await workerMain('lava-slave', { lavaRun: fileURLToPath(new URL('lava-run.js', import.meta.url)), finishDeadRun }));
