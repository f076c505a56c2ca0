/** /debug/leader: who writes back to the platform. The form is ours. */
import type { ConsoleData } from './data.ts';
import { type Answer, json } from './http-server.ts';

export function leaderPage({ leadership }: ConsoleData): Answer {
  return () => json(leadership() ?? { isLeader: false });
}
