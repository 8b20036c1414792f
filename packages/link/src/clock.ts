/** Milliseconds from question to answer above which nothing is learned of the other's clock. */
const mostTravel = 1000;

/**
 * By how many milliseconds our clock is ahead of the other's, as it said `time` when it answered: that was half-way between
 * our question and its answer, give or take as much. Undefined when the way took too long, or our clock was set meanwhile.
 * @param sent when we asked, and `now`, by our clock
 */
export function clockAhead(sent: number, time: number, now: number): number | undefined {
  const travel = now - sent;
  return travel >= 0 && travel <= mostTravel ? Math.round(sent + travel / 2 - time) : undefined;
}
