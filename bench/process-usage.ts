import { readFileSync } from 'node:fs';

export interface Usage {
  /** User and system time since the process started, in milliseconds. */
  readonly cpuMs: number;
  readonly residentMb: number;
}

/** What a process has used, as Linux tells it. */
export function usageOf(pid: number): Usage {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [user = 0, system = 0] = [fields[11], fields[12]].map(Number);
  return { cpuMs: (user + system) * 10, residentMb: (Number(fields[21]) * 4096) / 1e6 };
}
