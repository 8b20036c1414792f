import { Button, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Select } from '../parts/select.tsx';
import { choicesQuery, type Condition, type ConditionTable, entities, type Entity } from './query-api.ts';
import { writeConditions } from './conditions.ts';
import style from './queries.module.css';

const tableNames: Record<string, string> = { testjob: 'job', testsuite: 'suite', testcase: 'case', namedtestattribute: 'metadata of the job' };
const operatorNames: Record<string, string> = { exact: 'is', iexact: 'is, in any case', ne: 'is not', icontains: 'contains', gt: 'is greater than', lt: 'is less than' };

/** What a query finds and where; in the form around it these are the fields `entity` and `conditions`. */
export function ConditionsForm({ entity, start, onChange }: { entity: Entity; start: readonly Condition[]; onChange?: (entity: Entity, conditions: Condition[]) => void }) {
  const [finds, setFinds] = useState(entity);
  const [conditions, setConditions] = useState<Condition[]>([...start]);
  const { data: tables = [] } = useQuery(choicesQuery);
  const put = (next: Condition[]) => { setConditions(next); onChange?.(finds, next); };
  const set = (n: number, patch: Partial<Condition>) => put(conditions.map((c, i) => (i === n ? fitting(tables, { ...c, ...patch }) : c)));
  const complete = conditions.filter((c) => c.field !== '');
  return (
    <fieldset>
      <legend>Find</legend>
      <div className={style.row}><Select name="entity" label="What" data={entities.map(([value, label]) => ({ value, label }))} value={finds} onChange={(e) => { const next = e.currentTarget.value as Entity; setFinds(next); onChange?.(next, conditions); }} /></div>
      <input type="hidden" name="conditions" value={writeConditions(complete)} />
      {conditions.map((c, n) => {
        const table = tables.find((t) => t.table === c.table);
        const field = table?.fields.find((f) => f.name === c.field);
        const operators = field?.operators ?? Object.keys(operatorNames);
        return (
          // oxlint-disable-next-line react/no-array-index-key -- conditions have no names; they are only added at the end
          <div className={style.row} key={n}>
            <Select aria-label="Of" data={tables.map((t) => ({ value: t.table, label: tableNames[t.table] ?? t.table }))} value={c.table} onChange={(e) => set(n, { table: e.currentTarget.value, field: '' })} />
            {table?.fields.length === 0 ? <TextInput aria-label="Field" placeholder="key" value={c.field} onChange={(e) => set(n, { field: e.currentTarget.value })} />
              : <Select aria-label="Field" data={table?.fields.map((f) => f.name) ?? [c.field]} value={c.field} onChange={(e) => set(n, { field: e.currentTarget.value })} />}
            <Select aria-label="Comparison" data={operators.map((o) => ({ value: o, label: operatorNames[o] ?? o }))} value={c.operator} onChange={(e) => set(n, { operator: e.currentTarget.value })} />
            {field !== undefined && field.choices.length > 0 && c.operator !== 'icontains' ? <Select aria-label="Value" data={field.choices} value={c.value} onChange={(e) => set(n, { value: e.currentTarget.value })} />
              : <TextInput aria-label="Value" placeholder={field?.kind === 'time' ? '2026-01-02 03:04:05' : undefined} value={c.value} onChange={(e) => set(n, { value: e.currentTarget.value })} />}
            <Button variant="default" aria-label={`Remove condition ${n + 1}`} onClick={() => put(conditions.filter((_, i) => i !== n))}>Remove</Button>
          </div>
        );
      })}
      <div className={style.buttons}><Button variant="default" onClick={() => put([...conditions, fitting(tables, { table: finds, field: '', operator: 'exact', value: '' })])}>Add a condition</Button></div>
    </fieldset>
  );
}

/** A condition whose field, comparison and value are of those that there are. */
function fitting(tables: readonly ConditionTable[], condition: Condition): Condition {
  const fields = tables.find((t) => t.table === condition.table)?.fields ?? [];
  if (fields.length === 0) return condition;
  const field = fields.find((f) => f.name === condition.field) ?? fields[0]!;
  return {
    ...condition, field: field.name, operator: field.operators.includes(condition.operator) ? condition.operator : field.operators[0]!,
    value: field.choices.length > 0 && condition.operator !== 'icontains' && !field.choices.includes(condition.value) ? field.choices[0]! : condition.value,
  };
}
