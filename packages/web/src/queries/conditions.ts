import type { Condition } from './query-api.ts';

/** The conditions of an address: `table__field__operator__value`, shorter where the table or `exact` is left out. */
export function readConditions(entity: string, text: string): Condition[] {
  return text.split(',').map((one) => one.trim().split('__')).flatMap((parts) => {
    const [table = '', field = '', operator = '', ...value] = parts.length >= 4 ? parts : parts.length === 3 ? [entity, ...parts] : [entity, parts[0] ?? '', 'exact', parts[1] ?? ''];
    return parts.length < 2 ? [] : [{ table, field, operator, value: value.join('__') }];
  });
}

export const writeConditions = (conditions: readonly Condition[]): string => conditions.map((c) => `${c.table}__${c.field}__${c.operator}__${c.value}`).join(',');
