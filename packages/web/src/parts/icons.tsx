import type { ReactNode } from 'react';

/** Small line drawings on a 16 × 16 grid; they always stand beside words or a label. */
const shapes = {
  ok: <path d="M3.5 8.5l3 3 6-7" />,
  bad: <path d="M4 4l8 8M12 4l-8 8" />,
  warn: <path d="M8 2.5l6 10.5H2zM8 6.5v3M8 11.3v.2" />,
  live: <circle cx="8" cy="8" r="4" fill="currentColor" stroke="none" />,
  idle: <circle cx="8" cy="8" r="3.6" />,
  stop: <rect x="4.5" y="4.5" width="7" height="7" rx="1" />,
  skip: <path d="M4 8h8" />,
  search: <><circle cx="7" cy="7" r="4.2" /><path d="M10.2 10.2L14 14" /></>,
  sun: <><circle cx="8" cy="8" r="2.8" /><path d="M8 1.5v1.6M8 12.9v1.6M1.5 8h1.6M12.9 8h1.6M3.4 3.4l1.1 1.1M11.5 11.5l1.1 1.1M12.6 3.4l-1.1 1.1M4.5 11.5l-1.1 1.1" /></>,
  moon: <path d="M13 9.5A5.5 5.5 0 0 1 6.5 3a5.5 5.5 0 1 0 6.5 6.5z" />,
  auto: <><circle cx="8" cy="8" r="5.5" /><path d="M8 2.5v11a5.5 5.5 0 0 0 0-11z" fill="currentColor" /></>,
  up: <path d="M4 10l4-4 4 4" />,
  down: <path d="M4 6l4 4 4-4" />,
  right: <path d="M6 4l4 4-4 4" />,
  end: <path d="M8 2.5v8M4.5 7.5L8 11l3.5-3.5M3.5 13.5h9" />,
  download: <path d="M8 2.5v7.5M4.8 7L8 10.2 11.2 7M3 13.3h10" />,
  wrap: <path d="M2.5 4h11M2.5 8h8.5a2.2 2.2 0 0 1 0 4.4H8M9.8 10.6L8 12.4l1.8 1.8M2.5 12h2.5" />,
  clock: <><circle cx="8" cy="8" r="5.5" /><path d="M8 4.8V8l2.2 1.6" /></>,
  close: <path d="M4.5 4.5l7 7M11.5 4.5l-7 7" />,
  help: <><circle cx="8" cy="8" r="5.8" /><path d="M6.3 6.4a1.8 1.8 0 1 1 2.5 1.6c-.6.3-.8.6-.8 1.2M8 11.2v.1" /></>,
  retry: <path d="M12.8 6.2A5.2 5.2 0 1 0 13 9M13 3v3.4H9.6" />,
  plus: <path d="M8 3.5v9M3.5 8h9" />,
  edit: <path d="M3 13l.6-2.8 7-7 2.2 2.2-7 7zM9.4 4.4l2.2 2.2" />,
} satisfies Record<string, ReactNode>;

export type IconName = keyof typeof shapes;

export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 16 16" fill="none" stroke="currentColor" strokeWidth="1.6" strokeLinecap="round" strokeLinejoin="round" aria-hidden="true" focusable="false">
      {shapes[name]}
    </svg>
  );
}
