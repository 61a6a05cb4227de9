/** How far apart the points of a usage history are. Pure. */

/** A family's points in one answer. */
export const mostPoints = 1_000;

const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;
/** Distances that divide the longer ones, so that a coarser picture shows points of the finer one. */
const steps = [5 * minute, 15 * minute, hour, 6 * hour, day, 5 * day, 30 * day, 360 * day];

/**
 * The least usual step that is at least the one asked for and gives no more than 1 000 points.
 * @param wished seconds @returns seconds
 */
export function stepOf(from: Date, to: Date, wished = 0): number {
  const span = (to.getTime() - from.getTime()) / 1_000;
  // A span that does not begin at a step touches one more.
  const least = Math.max(wished, span / (mostPoints - 1));
  const coarsest = steps.at(-1) ?? day;
  return steps.find((step) => step >= least) ?? Math.ceil(least / coarsest) * coarsest;
}
