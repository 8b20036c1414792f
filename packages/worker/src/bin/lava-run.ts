#!/usr/bin/env node
import { lavaRunMain } from '@lava/dispatcher';

process.exit(await lavaRunMain(process.argv.slice(2)));
