/** Says in a line how long each stage of a journey took: these tests are long, and a reader wants to see where. */
export function stages(journey: string): <T>(what: string, work: () => Promise<T>) => Promise<T> {
  return async (what, work) => {
    const began = Date.now();
    const result = await work();
    console.log(`${journey}: ${what} (${((Date.now() - began) / 1000).toFixed(1)} s)`);
    return result;
  };
}
