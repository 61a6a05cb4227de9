/** The adapters there are: a list. */
import type { Adapter } from '../adapter.js';
import { HttpAdapter } from './http/http-adapter.js';
import { InMemoryAdapter } from './in-memory/in-memory-adapter.js';
import { KeaAdapter } from './kea/kea-adapter.js';
import { RpkiAdapter } from './rpki/rpki-adapter.js';

export function allAdapters(): readonly Adapter[] {
  return [new InMemoryAdapter(), new HttpAdapter(), new KeaAdapter(), new RpkiAdapter()];
}
