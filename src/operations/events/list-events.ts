import { beginning, eventResourceTypes, readPosition, type EventResourceType, type JournalEntry, type Position } from '../../model/event.js';
import { endOfEverything, readJournal } from '../../storage/journal.js';
import type { Tx } from '../../storage/sql.js';

export interface EventFilter {
  readonly resourceType?: EventResourceType;
  readonly poolId?: string;
  readonly holder?: string;
}

export interface EventPage {
  readonly events: readonly JournalEntry[];
  /** Where to go on: everything before it has been told, or did not match. */
  readonly next: Position;
}

/** @throws CasmError `invalid-cursor` */
export function placeOf(after: string | undefined): Position {
  if (after === undefined) return beginning;
  return after === 'latest' ? endOfEverything : readPosition(after);
}

/** A question of a single statement. */
export async function listEvents(tx: Tx, { after, limit, ...filter }: EventFilter & { after: Position; limit: number }): Promise<EventPage> {
  const resourceTypes = filter.resourceType === undefined ? eventResourceTypes : [filter.resourceType];
  const { entries, readTo } = await readJournal(tx, after, limit, { ...filter, resourceTypes });
  return { events: entries, next: readTo };
}
