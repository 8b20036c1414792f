import { Gauge, Histogram, Registry } from 'prom-client';

/** How long the parts of this process take; shown at `/metrics` beside what is stored. */
export class Timings {
  readonly registry = new Registry();

  readonly schedulerRound = new Histogram({
    name: 'lava_scheduler_round_seconds', help: 'Time of one round of the scheduler: reading the queue, deciding, storing.',
    buckets: [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10], registers: [this.registry],
  });

  readonly leads = new Gauge({ name: 'lava_server_leads', help: '1 while this process leads: scheduler, link to the workers, notifications.', registers: [this.registry] });

  readonly logLag = new Histogram({
    name: 'lava_link_log_lag_seconds', help: 'Age of the newest record of a batch from a worker when it was on the disk of the server; clocks that differ add to it.',
    buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 600], registers: [this.registry],
  });
}
