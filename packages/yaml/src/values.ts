/** A YAML timestamp. `text` is what Python prints: `2024-01-01` or `2024-01-01 10:00:00.500000+00:00`. */
export class YamlDate {
  readonly text: string;
  constructor(text: string) { this.text = text; }
  toString(): string { return this.text; }
  toJSON(): string { return this.text; }
}

/** A YAML float, told apart from an integer of the same value (`1.0` and `1`); only loads with `exact` give it. */
export class YamlFloat {
  readonly value: number;
  constructor(value: number) { this.value = value; }
  valueOf(): number { return this.value; }
  /** As Python prints it: `1.0`, `1e+16`, `inf`. */
  toString(): string { return pythonFloat(this.value); }
  toJSON(): number { return this.value; }
}

/** A float as Python's `repr` prints it: shortest digits, a point or an exponent of at least two digits. */
export function pythonFloat(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  if (Object.is(value, -0)) return '-0.0';
  const [mantissa = '', exponent = '0'] = value.toExponential().split('e');
  const power = Number(exponent);
  if (power < -4 || power >= 16) return `${mantissa}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
  const digits = mantissa.replace(/[-.]/g, '');
  const sign = value < 0 ? '-' : '';
  if (power < 0) return `${sign}0.${'0'.repeat(-power - 1)}${digits}`;
  return `${sign}${digits.slice(0, power + 1).padEnd(power + 1, '0')}.${digits.slice(power + 1) || '0'}`;
}
