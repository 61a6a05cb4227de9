/** A number and what it counts, as one says it: for what people read, never for what programs do. Pure. */
export function counted(count: number | bigint | string, one: string, many = `${one}s`): string {
  return `${count} ${String(count) === '1' ? one : many}`;
}
