import { Button, NumberInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { send } from '../api/http.ts';
import type { GroupShare } from '../api/types.ts';
import { Dialog } from '../parts/dialog.tsx';
import { Failure } from '../parts/failure.tsx';
import form from '../parts/form.module.css';

/** Empty fields are no limit. */
const limit = (value: string | number) => (value === '' ? null : Number(value));

/** What a group gets of the lab: a share of its own, or none. */
export function ShareDialog({ group, share, onClose }: { group: string; share: GroupShare | undefined; onClose: () => void }) {
  const [weight, setWeight] = useState<string | number>(share?.weight ?? 1);
  const [quota, setQuota] = useState<string | number>(share?.quota ?? '');
  const [queue, setQueue] = useState<string | number>(share?.queue_limit ?? '');
  const queries = useQueryClient();
  const path = `shares/${encodeURIComponent(group)}`;
  const onSuccess = () => { void queries.invalidateQueries({ queryKey: ['shares'] }); onClose(); };
  const save = useMutation({ mutationFn: () => send('PUT', path, { weight: Number(weight), quota: limit(quota), queue_limit: limit(queue) }), onSuccess });
  const remove = useMutation({ mutationFn: () => send('DELETE', path), onSuccess });
  const error = save.error ?? remove.error;
  return (
    <Dialog title={`Share of ${group}`} onClose={onClose}>
      <form className={form.sheet} onSubmit={(e) => { e.preventDefault(); save.mutate(); }}>
        <p className="quiet">Members of a group with a share count together when the next free device is given away; without one, each counts alone.</p>
        <NumberInput label="Weight" description="Twice the weight, twice the devices" required min={0.01} step={1} value={weight} onChange={setWeight} />
        <NumberInput label="Devices at once" description="Most that its members hold together; empty: no limit" min={1} allowDecimal={false} value={quota} onChange={setQuota} />
        <NumberInput label="Jobs in the queue" description="Most that each member may have waiting; empty: the limit of the server" min={1} allowDecimal={false} value={queue} onChange={setQueue} />
        {error !== null && <Failure error={error} what="The share" />}
        <div className={form.buttons}>
          {share !== undefined && <Button variant="default" loading={remove.isPending} onClick={() => remove.mutate()}>Remove the share</Button>}
          <Button type="submit" loading={save.isPending}>{share === undefined ? 'Give' : 'Change'}</Button>
        </div>
      </form>
    </Dialog>
  );
}

/** A share in a few words. */
export function shareText(share: GroupShare | undefined): string {
  if (share === undefined) return 'none';
  const { weight, quota, queue_limit: queue } = share;
  const limits = [quota !== null && `at most ${quota} ${quota === 1 ? 'device' : 'devices'}`, queue !== null && `${queue} queued a member`].filter((t) => t !== false);
  return [`weight ${weight}`, ...limits].join(', ');
}
