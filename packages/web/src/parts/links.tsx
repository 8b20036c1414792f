import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';

export const JobLink = ({ id, row, children }: { id: number; row?: boolean; children?: ReactNode }) => (
  <Link to="/scheduler/job/$job" params={{ job: String(id) }} data-row={row || undefined} className="num">{children ?? id}</Link>
);
export const DeviceLink = ({ name, row }: { name: string; row?: boolean }) => (
  <Link to="/scheduler/device/$name" params={{ name }} data-row={row || undefined}>{name}</Link>
);
export const TypeLink = ({ name, row }: { name: string; row?: boolean }) => (
  <Link to="/scheduler/device_type/$name" params={{ name }} data-row={row || undefined}>{name}</Link>
);
/** A page of the documentation, at one of its sections. */
export const HelpLink = ({ page, anchor, children }: { page: string; anchor?: string; children: ReactNode }) => (
  <Link to="/help/$page" params={{ page }} hash={anchor ?? ''}>{children}</Link>
);
export const WorkerLink = ({ name, row }: { name: string; row?: boolean }) => (
  <Link to="/scheduler/worker/$name" params={{ name }} data-row={row || undefined}>{name}</Link>
);
