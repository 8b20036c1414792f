import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { applyPlan, emptyLab, isEmptyPlan, kindNames, kindOf, planLab, printPlan, readLab, writeLab, type Lab } from './index.ts';
import { labs, plain } from './testing.ts';

const whole = labs({ complete: true });
const part = labs({ complete: false });

describe('for any two labs', () => {
  test('the plan from one to the other makes it the other; what the other does not name is left alone', () => {
    fc.assert(fc.property(whole, whole, (a, b) => {
      const after = applyPlan(a, planLab(a, b));
      for (const kind of kindNames) {
        expect(new Set(after[kind].keys())).toEqual(new Set([...a[kind].keys(), ...b[kind].keys()]));
        for (const [name, fields] of after[kind]) expect(fields).toEqual(b[kind].get(name) ?? a[kind].get(name));
      }
    }));
  });

  test('with prune, what it does not name is out of use, and nothing is deleted', () => {
    fc.assert(fc.property(whole, whole, (a, b) => {
      const after = applyPlan(a, planLab(a, b, { prune: true }));
      for (const kind of kindNames) {
        for (const [name, fields] of after[kind]) expect(fields).toEqual(b[kind].get(name) ?? { ...a[kind].get(name), ...kindOf(kind).pruned });
      }
    }));
  });

  test('there is nothing to do a second time, with whole files and with partial ones', () => {
    fc.assert(fc.property(whole, part, fc.boolean(), (a, b, prune) => {
      const after = applyPlan(a, planLab(a, b, { prune }));
      expect(isEmptyPlan(planLab(after, b, { prune }))).toBe(true);
    }));
  });

  test('fields that a file does not name stay as they are', () => {
    fc.assert(fc.property(whole, part, (a, b) => {
      const after = applyPlan(a, planLab(a, b));
      for (const kind of kindNames) for (const [name, fields] of a[kind]) expect(after[kind].get(name)).toEqual({ ...fields, ...b[kind].get(name) });
    }));
  });

  test('what is written reads back equal', () => {
    fc.assert(fc.property(whole, fc.boolean(), (lab, full) => {
      const text = writeLab(lab, { full, comment: ['a comment', ''] });
      const { lab: back, problems } = readLab(text);
      expect(problems).toEqual([]);
      const created = (one: Lab) => plain(applyPlan(emptyLab(), planLab(emptyLab(), one)));
      expect(created(back!)).toEqual(plain(lab));
      if (full) expect(plain(back!)).toEqual(plain(lab));
    }));
  });
});

test('a plan shows fields, and long texts line by line', () => {
  const current = applyPlan(emptyLab(), planLab(emptyLab(), readLab(`
tags: {usb: }
workers: {lab1: {description: rack 1}, old: }
device_types: {qemu: {aliases: [kvm]}}
devices:
  qemu01:
    device_type: qemu
    dictionary: |
      {% extends 'qemu.jinja2' %}
      {% set memory = 256 %}
      {% set no_kvm = True %}
`).lab!));
  const { lab } = readLab(`
workers: {lab1: {description: rack 2}}
device_types: {qemu: {aliases: [virt], health_check: "x\\n"}}
devices:
  qemu01:
    device_type: qemu
    dictionary: |
      {% extends 'qemu.jinja2' %}
      {% set memory = 512 %}
      {% set no_kvm = True %}
  qemu02: {device_type: qemu, worker: lab1, tags: [usb]}
`);
  expect(printPlan(planLab(current, lab!, { prune: true }))).toBe(`tags
  not in the file, left alone: usb
workers
  ~ lab1
      description: rack 1 → rack 2
  - old (retired, not deleted)
      retired: false → true
device_types
  ~ qemu
      aliases: +virt -kvm
      health_check:
        + x
devices
  ~ qemu01
      dictionary:
          {% extends 'qemu.jinja2' %}
        - {% set memory = 256 %}
        + {% set memory = 512 %}
          {% set no_kvm = True %}
  + qemu02
      device_type: qemu
      worker: lab1
      tags: +usb
1 to create, 3 to change, 1 to remove, 0 as the file says, 1 not in the file.
`);
});
