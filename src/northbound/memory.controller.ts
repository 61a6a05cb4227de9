/** What has happened: the feed of events, and the history of addresses. */
import { Controller, Req } from '@nestjs/common';
import { eventStream, wantsStream, type ServerSentEvent } from '../http/event-stream.js';
import { Ask, type Asked, type CasmRequest } from '../http/request-context.js';
import { Route } from '../http/route.js';
import { CasmError } from '../model/errors.js';
import { writePosition } from '../model/event.js';
import { EventFeed } from '../operations/events/event-feed.js';
import { listEvents, placeOf, type EventPage } from '../operations/events/list-events.js';
import { Hall } from '../operations/hall.js';
import { listHistory } from '../operations/history/list-history.js';
import { viewEvent } from './event-view.js';
import { viewPage } from './views.js';

@Controller()
export class MemoryController {
  constructor(
    private readonly hall: Hall,
    private readonly feed: EventFeed,
  ) {}

  @Route('listEvents')
  async events(@Ask() { query, header, token }: Asked<'listEvents'>, @Req() request: CasmRequest): Promise<unknown> {
    const { limit = 100, after: cursor, ...filter } = query;
    const after = placeOf(header['last-event-id'] ?? cursor);
    if (wantsStream(request)) {
      if (token === undefined) throw new CasmError('unauthorized', 'events are streamed to a token');
      return eventStream((ended) => sent(this.feed.follow(after, filter, token.id, ended)));
    }
    const { events, next } = await this.hall.glance(listEvents, { ...filter, after, limit });
    return { items: events.map(viewEvent), nextCursor: writePosition(next) };
  }

  @Route('listHistory')
  async history(@Ask() { query }: Asked<'listHistory'>): Promise<unknown> {
    return viewPage(await this.hall.read(listHistory, { ...query, limit: query.limit ?? 100 }), ({ id: _, ...state }) => state);
  }
}

async function* sent(pages: AsyncIterable<EventPage>): AsyncGenerator<ServerSentEvent> {
  for await (const { events, next } of pages) {
    for (const event of events.map(viewEvent)) yield { id: event.id, type: event.type, data: event };
    yield { id: writePosition(next) };
  }
}
