import { deviceHealths, deviceStates, jobHealths, jobStates, workerHealths, workerStates } from '@lava/job';

const numbers = <T extends string>(words: readonly T[]) => Object.fromEntries(words.map((word, n) => [word, n])) as Readonly<Record<T, number>>;

/** Stored numbers by word; the words by number are the arrays of `@lava/job`. */
export const jobState = numbers(jobStates);
export const jobHealth = numbers(jobHealths);
export const deviceState = numbers(deviceStates);
export const deviceHealth = numbers(deviceHealths);
export const workerState = numbers(workerStates);
export const workerHealth = numbers(workerHealths);
