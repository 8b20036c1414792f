/** One number of a bench. */
export interface Row {
  readonly name: string;
  readonly value: string;
  readonly unit: string;
  readonly goal?: string;
}

/** The value below which `part` of the values are, say 0.5 for the median. */
export function quantile(values: readonly number[], part: number): number {
  return values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * part))] ?? NaN;
}
