/** The most memory that a controller had while it was watched. */
import type { Api } from '../support/api.js';

/** The figure of the controller itself. Looked at now and then only: with it come those of all pools, which cost something. */
export function watchMemory(api: Api): { stop(): Promise<number> } {
  let most = 0;
  const look = async (): Promise<void> => {
    const { body } = await api.get('/metrics');
    most = Math.max(most, Number(/^casm_process_resident_memory_bytes(?:\{[^}]*\})? (\S+)/m.exec(String(body))?.[1] ?? 0));
  };
  const timer = setInterval(() => void look().catch(() => undefined), 5_000);
  return {
    stop: async () => {
      clearInterval(timer);
      await look();
      return most;
    },
  };
}
