// Floats as text, exactly: a double is mantissa * 2^exponent, and bigint arithmetic rounds it half to even as C and
// Python do (JavaScript's toFixed rounds exact halves up).

/** `repr(float)`: shortest digits, a point or an exponent of at least two digits. */
export function floatRepr(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  const [mantissa = '0', exponent = '0'] = Math.abs(value).toExponential().split('e');
  const power = Number(exponent);
  const digits = mantissa.replace('.', '');
  if (power < -4 || power >= 16) return sign + mantissa + exponentText(power);
  if (power < 0) return `${sign}0.${'0'.repeat(-power - 1)}${digits}`;
  return `${sign}${digits.slice(0, power + 1).padEnd(power + 1, '0')}.${digits.slice(power + 1) || '0'}`;
}

export function exponentText(power: number): string {
  return `e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
}

/** A finite double as numerator over denominator, both exact. */
function exactFraction(value: number): [bigint, bigint] {
  let shift = 0;
  let mantissa = value;
  while (!Number.isInteger(mantissa)) { mantissa *= 2; shift++; }
  return [BigInt(mantissa), 1n << BigInt(shift)];
}

function divideHalfEven(numerator: bigint, denominator: bigint): bigint {
  const quotient = numerator / denominator;
  const twice = (numerator % denominator) * 2n;
  return twice > denominator || (twice === denominator && quotient % 2n === 1n) ? quotient + 1n : quotient;
}

/** `'%.<digits>f'` of a finite value that is not negative. */
export function fixed(value: number, digits: number): string {
  const [n, d] = exactFraction(value);
  const text = String(divideHalfEven(n * 10n ** BigInt(digits), d)).padStart(digits + 1, '0');
  return digits === 0 ? text : `${text.slice(0, -digits)}.${text.slice(-digits)}`;
}

/** Decimal digits (exactly `count`) and power of ten of a finite value that is not negative. */
export function significant(value: number, count: number): { digits: string; power: number } {
  if (value === 0) return { digits: '0'.repeat(count), power: 0 };
  const [n, d] = exactFraction(value);
  let power = Number(value.toExponential().split('e')[1]);
  for (;;) {
    const shift = count - 1 - power;
    const rounded = shift >= 0 ? divideHalfEven(n * 10n ** BigInt(shift), d) : divideHalfEven(n, d * 10n ** BigInt(-shift));
    const digits = String(rounded);
    if (digits.length === count) return { digits, power };
    power += digits.length - count;
  }
}

/** `round(value, digits)` of a float. */
export function roundFloat(value: number, digits: number): number {
  if (!Number.isFinite(value) || digits > 400) return value;
  const sign = value < 0 || Object.is(value, -0) ? -1 : 1;
  const size = Math.abs(value);
  if (digits >= 0) return sign * Number(fixed(size, digits));
  if (digits < -400) return sign < 0 ? -0 : 0;
  const unit = 10n ** BigInt(-digits);
  const [n, d] = exactFraction(size);
  return sign * Number(divideHalfEven(n, d * unit) * unit);
}
