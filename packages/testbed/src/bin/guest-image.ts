#!/usr/bin/env node
import { messageOf } from '@lava/base';
import { guestImage } from '../guest-image.ts';

// `guest-image FOLDER`: builds the test guest there unless it is in place, and prints where its files are, as JSON.
try {
  console.log(JSON.stringify(await guestImage(process.argv[2] ?? '.cache')));
} catch (error) {
  console.error(`guest-image: ${messageOf(error)}`);
  process.exitCode = 1;
}
