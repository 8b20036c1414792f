import { Button, Textarea } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { post } from '../api/http.ts';
import type { DeviceRow } from '../api/types.ts';
import { Dialog } from '../parts/dialog.tsx';
import { Notice } from '../parts/notice.tsx';
import { StateMark } from '../parts/state-mark.tsx';
import { healthMark } from '../parts/state.ts';
import style from './health-dialog.module.css';

const meanings = [
  ['Good', 'takes jobs'],
  ['Unknown', 'takes jobs; a health check goes first'],
  ['Looping', 'runs its health check again and again'],
  ['Maintenance', 'takes no jobs until someone changes this'],
  ['Retired', 'gone for good; hidden from lists'],
] as const;

/** Changes a device's health, with the reason that others will read. */
export function HealthDialog({ name, health, onClose }: { name: string; health: string; onClose: () => void }) {
  const [wish, setWish] = useState(health);
  const [reason, setReason] = useState('');
  const queries = useQueryClient();
  const change = useMutation({
    mutationFn: () => post<DeviceRow>(`devices/${encodeURIComponent(name)}/health`, { health: wish, reason }),
    onSuccess: () => {
      for (const key of ['device', 'devices', 'device-types', 'audit']) void queries.invalidateQueries({ queryKey: [key] });
      onClose();
    },
  });
  return (
    <Dialog title={`Health of ${name}`} onClose={onClose}>
      <form className={style.form} onSubmit={(e) => { e.preventDefault(); change.mutate(); }}>
        <fieldset className={style.choices}>
          <legend className="sr-only">Health</legend>
          {meanings.map(([word, meaning]) => (
            <label key={word}><input type="radio" name="health" value={word} checked={wish === word} onChange={() => setWish(word)} /><StateMark mark={healthMark(word)} plain /><span className="quiet">{meaning}</span></label>
          ))}
        </fieldset>
        <Textarea label="Reason" description="Stays in the device’s log" autosize={false} rows={2} maxLength={1000} value={reason} onChange={(e) => setReason(e.currentTarget.value)} />
        {change.error !== null && <Notice tone="bad" role="alert">{change.error.message}</Notice>}
        <div className={style.buttons}><Button variant="default" onClick={onClose}>Close</Button><Button type="submit" loading={change.isPending} disabled={wish === health && reason === ''}>Change</Button></div>
      </form>
    </Dialog>
  );
}
