// Loaded before a program (node --require): its wall clock is off by the seconds in the file FAULT_CLOCK, which may change
// at any time. With FAULT_CLOCK_LIBRARY, libfaketime, the programs that it starts go by the same clock.
const { readFileSync } = require('node:fs');

const { FAULT_CLOCK: file, FAULT_CLOCK_LIBRARY: library } = process.env;
const real = Date;
let offset = 0;
let read = -Infinity;

function now() {
  if (performance.now() - read > 20) {
    read = performance.now();
    try { offset = Number(readFileSync(file, 'utf8')) * 1000; } catch { /* as before */ }
  }
  return real.now() + offset;
}

globalThis.Date = new Proxy(real, {
  construct: (target, args, made) => Reflect.construct(target, args.length === 0 ? [now()] : args, made),
  apply: () => new real(now()).toString(),
  get: (target, key) => (key === 'now' ? now : Reflect.get(target, key)),
});

if (library) {
  Object.assign(process.env, { LD_PRELOAD: library, FAKETIME_TIMESTAMP_FILE: file, FAKETIME_DONT_FAKE_MONOTONIC: '1', FAKETIME_DONT_RESET: '1', FAKETIME_NO_CACHE: '1' });
}
