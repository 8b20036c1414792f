#!/usr/bin/env node
import { fileURLToPath } from 'node:url';
// The pipeline itself is lava-run's: the daemon does not carry it in its memory.
import { finishDeadRun } from '@lava/dispatcher/finish-dead-run';
import { workerMain } from '../main.ts';

process.exit(await workerMain('lava-slave', { lavaRun: fileURLToPath(new URL('lava-run.js', import.meta.url)), finishDeadRun }));
